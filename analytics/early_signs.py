"""Early signs of a campaign: which small actions the gesture moved, beside the control group, before purchases tell."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.comparisons import CONVERSIONS
from analytics.facts.contacts import assignment
from analytics.facts.roomy import roomy
from analytics.facts.signs import arm_deeds
from analytics.formats import number, percent
from analytics.goals import labels
from analytics.kernel import Counts, Estimate, benjamini_hochberg, compare_conversion, sample_ratio, times_faster
from analytics.kernel.health import ALARM
from analytics.signals import candidates
from campaigns.models import Campaign, Shop
from triggers.holdout import share_of

type Figures = dict[str, Any]

FALSE_FINDS: Final = 0.05


def early_signs(campaign: Campaign, now: datetime) -> Figures:
    """Return what the contacts of both arms did in their windows, event by event, JSON-ready with its words.

    Shares are of 1. `refused` says why nothing may be compared. `faster` is how many times sooner the event could show
    the same relative change than purchases do: at best, as a gesture may move the one and not the other.
    """
    zone = ZoneInfo(Shop.get().timezone)
    names = candidates(campaign.macro_conversion)
    told: Figures = {"campaign": campaign.slug, "refused": None, "signs": []}
    with roomy():
        assigned = assignment(campaign, now, zone)
        share = float(share_of(campaign))
        if not names:
            return _refused(told, "no_key_events")
        if not share or not assigned.mature_control or not assigned.mature_treated:
            return _refused(told, "no_draw")
        if sample_ratio(treated=assigned.treated, control=assigned.control, control_share=share) < ALARM:
            return _refused(told, "unbalanced_draw")
        counts = arm_deeds(campaign, [*names, campaign.macro_conversion], now, zone, assigned)
    words = labels()
    judged: list[tuple[Figures, Estimate]] = []
    for name in names:
        treated, control = counts[name]["treated"], counts[name]["control"]
        row: Figures = {
            "name": name,
            "title": words.get(name, name),
            "treated": treated.share,
            "control": control.share,
        }
        told["signs"].append(row)
        if min(treated.successes, control.successes) < CONVERSIONS:
            row |= {"diff": None, "moved": False, "sentence": _("Too few did it to compare.")}
            continue
        judged.append((row, compare_conversion(treated, control)))
    adjusted = benjamini_hochberg([estimate.p for _row, estimate in judged if estimate.p is not None])
    for (row, estimate), false_find in zip(judged, adjusted, strict=True):
        row |= _sign(estimate, moved=false_find < FALSE_FINDS, control=counts[row["name"]]["control"])
    return told | {"sentence": _sentence(told["signs"])}


def _sign(estimate: Estimate, *, moved: bool, control: Counts) -> Figures:
    low, high = estimate.diff_ci
    values = {"low": number(1000 * low, signed=True), "high": number(1000 * high, signed=True)}
    return {
        "diff": estimate.diff,
        "diff_ci": [low, high],
        "moved": moved,
        "treated_text": percent(estimate.value_t),
        "control_text": percent(estimate.value_c),
        "range_text": _("%(low)s to %(high)s") % values,
        "share": control.share,
        "sentence": _("%(low)s to %(high)s customers in 1,000 because of the gesture.") % values
        if moved
        else _("No difference is proven: %(low)s to %(high)s customers in 1,000.") % values,
    }


def add_speed(told: Figures, purchase: float) -> Figures:
    """Return the signs with how many times sooner each could tell than purchases, which the share `purchase` makes."""
    for row in told["signs"]:
        share = row.get("share")
        possible = share is not None and 0 < share < 1 and 0 < purchase < 1
        row["faster"] = times_faster(purchase=purchase, signal=share) if possible else None
    return told


def _sentence(rows: list[Figures]) -> str:
    moved = [row for row in rows if row["moved"]]
    if not moved:
        return _("No small action is proven to have moved yet.")
    names = ", ".join(_("“%(name)s”") % {"name": row["title"]} for row in moved)
    return ngettext(
        "The gesture moved %(names)s. That is an early sign, not a purchase: the verdict waits for those.",
        "The gesture moved %(names)s. These are early signs, not purchases: the verdict waits for those.",
        len(moved),
    ) % {"names": names}


def _refused(told: Figures, code: str) -> Figures:
    sentences = {
        "no_key_events": _("No key event is chosen yet: choose the small actions that may announce a purchase."),
        "no_draw": _("Without customers held out whose days are over, nothing can be compared."),
        "unbalanced_draw": _("The groups do not have their planned sizes: nothing is compared."),
    }
    return told | {"refused": code, "sentence": sentences[code]}
