"""The funnel in words of the active language."""

import itertools
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.formats import day, number, percent
from campaigns.models import Shop

type Figures = dict[str, Any]


def funnel_words(figures: Figures, labels: Mapping[str, str]) -> Figures:
    """Return the figures of a funnel with words beside every number."""
    steps = [_step(step, labels) for step in figures["steps"]]
    for here, following in itertools.pairwise(steps):
        here["next_title"] = following["title"]
    zone = ZoneInfo(Shop.get().timezone)
    friction = [_friction(row, labels, zone) for row in figures["friction"]]
    return figures | {
        "steps": steps,
        "friction": friction,
        "sentence": _sentence(figures, steps),
        "friction_sentence": _friction_sentence(friction),
    }


def range_words(interval: list[float], decimals: int = 0) -> str:
    """Return the ends of an interval of shares, as percentages."""
    low, high = (percent(end, decimals) for end in interval)
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _step(step: Figures, labels: Mapping[str, str]) -> Figures:
    told: Figures = step | {"title": labels.get(step["name"], step["name"]), "next_title": ""}
    came = step["came"]
    if came is not None:
        told |= {
            "came_text": percent(came["share"]),
            "came_range": range_words(came["interval"], 1),
            "lost": came["n"] - came["took"],
            "lost_text": percent(1 - came["share"]),
        }
    if step["times"] is not None:
        told["time_sentence"] = _time_sentence(step["times"])
        told["days"] = [
            {
                "day": number(point["day"]),
                "share_text": percent(point["share"]),
                "range_text": range_words([point["low"], point["high"]], 1),
            }
            for point in step["times"]["curve"]
        ]
    return told


def _time_sentence(times: Figures) -> str:
    # Half of everybody seldom goes on; half of those who did is what a marketer asks for.
    last = times["curve"][-1]
    half = next(point["day"] for point in times["curve"] if point["share"] >= last["share"] / 2)
    if half == 0:
        return _("Half of those who go on do so within a day.")
    return ngettext(
        "Half of those who go on have done so after %(days)s day.",
        "Half of those who go on have done so after %(days)s days.",
        half,
    ) % {"days": number(half)}


def _sentence(figures: Figures, steps: list[Figures]) -> str:
    if not steps:
        return _("No step is chosen yet: mark the events that lead to a purchase as steps of the funnel.")
    if figures["overall"] is None or not steps[0]["reached"]:
        return _("Nobody took the first step in these weeks.")
    overall = figures["overall"]
    low, high = overall["interval"]
    said = _(
        "Of 1,000 people who begin with “%(first)s”, %(low)s to %(high)s reach “%(last)s” within %(days)s days."
    ) % {
        "first": steps[0]["title"],
        "last": steps[-1]["title"],
        "low": number(1000 * low),
        "high": number(1000 * high),
        "days": figures["within_days"],
    }
    losses = [step for step in steps if step["came"] is not None]
    if not losses:
        return said
    worst = max(losses, key=lambda step: step["lost"])
    return (
        said
        + " "
        + _("Most people are lost before “%(step)s”: %(lost)s of %(n)s.")
        % {
            "step": worst["title"],
            "lost": number(worst["lost"]),
            "n": number(worst["came"]["n"]),
        }
    )


def _friction(row: Figures, labels: Mapping[str, str], zone: ZoneInfo) -> Figures:
    step, following = (labels.get(row[name], row[name]) for name in ("step", "next"))
    told: Figures = row | {
        "step_title": step,
        "next_title": following,
        "rows": [
            {
                "since": day(week["since"], zone),
                "n": week["n"],
                "share_text": percent(week["took"] / week["n"]) if week["n"] else "–",
            }
            for week in row["weeks"]
        ],
    }
    drop = row["drop"]
    if drop is None:
        return told | {"sentence": _("Too few people at this step to tell.")}
    values = {"last": percent(drop["last"]), "level": percent(drop["level"]), "step": step, "next": following}
    if row["worse"]:
        said = _("Only %(last)s of those at “%(step)s” went on to “%(next)s”, where %(level)s usually do.")
    else:
        said = _(
            "As usual: %(last)s of those at “%(step)s” went on to “%(next)s”, %(level)s in the eight weeks before."
        )
    return told | {"sentence": said % values}


def _friction_sentence(rows: list[Figures]) -> str:
    if not rows:
        return ""
    worse = [row for row in rows if row["worse"]]
    if not worse:
        return _("No step is below its own level of the eight weeks before.")
    return ngettext(
        "%(count)s step is below its own level of the eight weeks before.",
        "%(count)s steps are below their own level of the eight weeks before.",
        len(worse),
    ) % {"count": len(worse)}
