"""Signals: which small actions come before a purchase, how long before, and the few of them that are worth watching."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from analytics.facts.deeds import event_names
from analytics.facts.landmark import Leads, landmark_groups, leads
from analytics.facts.roomy import ask
from analytics.facts.windows import before_and_after, civil_day, civil_shift, day_start
from analytics.kept import kept
from analytics.kernel import (
    Counts,
    Group,
    Prior,
    Ratio,
    TooLittleData,
    benjamini_hochberg,
    common_prior,
    landmark_odds,
    odds_ratio,
    stratified_odds,
    wilson,
)
from analytics.kernel.stability import MOST, OFTEN, stability
from campaigns.models import KeyEvent, Shop

type Figures = dict[str, Any]

WEEKS: Final = (4, 8, 12)
# More are refused: each doubles the combinations, and fewer, better chosen ones say more.
MOST_CANDIDATES: Final = 12
# Events that nearly all buyers did are steps of the purchase and tell nothing about who will.
STEP_SHARE: Final = 0.98
# The least that may be judged: buyers after the landmark, and customers who did the event.
BUYERS: Final = 50
DOERS: Final = 20
# Below, an event's own rate is drawn towards that of all events.
FEW_DOERS: Final = 200
FALSE_FINDS: Final = 0.05


def signal_figures(goal: str, weeks: int, now: datetime) -> Figures:
    """Return the shop's signals before `goal`, JSON-ready and without words.

    Landmark design: who did what in `weeks` whole weeks, among customers who were active and did not yet reach the goal
    in them, and who of them reached it in as many weeks after. The odds are adjusted for how active somebody was.
    """
    zone = ZoneInfo(Shop.get().timezone)
    today = day_start(civil_day(now, zone), zone)
    wanted = candidates(goal)
    key = f"signals:{goal}:{weeks}:{today.isoformat()}:{','.join(wanted)}"
    return kept(key[:300], now, lambda: _measured(goal, weeks, wanted, today, zone))


def candidates(goal: str) -> list[str]:
    """Return the key events that may be signals, steps first."""
    rows = KeyEvent.objects.exclude(kind=KeyEvent.Kind.MACRO).exclude(name=goal).order_by("kind", "rank", "name")
    return list(rows.values_list("name", flat=True)[:MOST_CANDIDATES])


def _measured(goal: str, weeks: int, wanted: Sequence[str], today: datetime, zone: ZoneInfo) -> Figures:
    before, after = before_and_after(civil_shift(today, -7 * weeks, zone), 7 * weeks, zone)
    told: Figures = {
        "goal": goal,
        "weeks": weeks,
        "periods": {
            name: [p.since.isoformat(), p.until.isoformat()] for name, p in (("before", before), ("after", after))
        },
        "customers": 0,
        "buyers": 0,
        "refused": None,
        "signals": [],
    }
    known = event_names()
    names = [name for name in wanted if name in known]
    if not names:
        return told | {"refused": "no_key_events"}
    led, groups = ask(
        partial(leads, names, goal, after, 7 * weeks), partial(landmark_groups, names, known, goal, before, after)
    )
    told |= {"customers": sum(group.n for group in groups), "buyers": sum(group.bought for group in groups)}
    if told["buyers"] < BUYERS:
        return told | {"refused": "few_buyers"}
    return told | {"signals": _signals(names, groups, led)}


def _signals(names: Sequence[str], groups: Sequence[Group], led: Leads) -> list[Figures]:
    """Return one row an event, the chosen ones first, then by how clearly they come before."""
    doers = [_doers(groups, place) for place in range(len(names))]
    everybody = sum(group.n for group in groups)
    judged = [
        place
        for place, name in enumerate(names)
        if led.share(name) < STEP_SHARE and DOERS <= doers[place].n <= everybody - DOERS
    ]
    kept_groups = [_only(group, judged) for group in groups]
    ratios = _adjusted(kept_groups) if judged else []
    often = stability(kept_groups) if ratios else []
    p_values = benjamini_hochberg([ratio.p for ratio in ratios])
    prior = _prior(doers)
    rows = []
    for place, name in enumerate(names):
        at = judged.index(place) if place in judged and ratios else None
        row = _row(name, doers[place], groups, place, led, prior)
        if at is None:
            row["why_not"] = _why_not(led.share(name), doers[place].n, everybody)
        else:
            row |= {
                "adjusted": _ratio(ratios[at]),
                "likely_luck": p_values[at],
                "stability": often[at],
                "signal": p_values[at] < FALSE_FINDS and ratios[at].value > 1,
            }
        rows.append(row)
    _choose(rows)
    return sorted(rows, key=lambda row: (not row["chosen"], row["likely_luck"] is None, row["likely_luck"] or 0.0))


def _choose(rows: Sequence[Figures]) -> None:
    """Mark at most five signals that nearly every half of the customers shows, the steadiest first."""
    steady = [row for row in rows if row["signal"] and row["stability"] >= OFTEN]
    steady.sort(key=lambda row: (-row["stability"], -row["adjusted"]["value"]))
    for row in steady[:MOST]:
        row["chosen"] = True


def _row(name: str, did: Counts, groups: Sequence[Group], place: int, led: Leads, prior: Prior | None) -> Figures:
    not_did = _doers(groups, place, did=False)
    few = prior is not None and 0 < did.n < FEW_DOERS
    rate = prior.shrunk(did) if prior and few else did.share if did.n else None
    interval = list(prior.interval(did)) if prior and few else list(wilson(did)) if did.n else None
    return {
        "name": name,
        "did": did.n,
        "bought": did.successes,
        "rate": rate,
        "rate_interval": interval,
        "drawn_in": few,
        "others": not_did.n,
        "others_rate": not_did.share if not_did.n else None,
        "crude": _ratio(odds_ratio(_table(did, not_did))) if did.n and not_did.n else None,
        "alike": _alike(groups, place),
        "adjusted": None,
        "likely_luck": None,
        "stability": None,
        "signal": False,
        "chosen": False,
        "why_not": None,
        "lead_days": led.quantile(name, 0.5),
        "lead_range": [led.quantile(name, 0.25), led.quantile(name, 0.75)],
        "share_of_buyers": led.share(name),
    }


def _why_not(share: float, did: int, everybody: int) -> str:
    if share >= STEP_SHARE:
        return "step"
    if did < DOERS:
        return "few_did"
    return "all_did" if did > everybody - DOERS else "not_told_apart"


def _doers(groups: Sequence[Group], place: int, *, did: bool = True) -> Counts:
    """Return the customers who did (or did not do) the event at `place`, and who of them bought."""
    chosen = [group for group in groups if group.did[place] is did]
    return Counts(n=sum(group.n for group in chosen), successes=sum(group.bought for group in chosen))


def _only(group: Group, places: Sequence[int]) -> Group:
    return Group(
        did=tuple(group.did[place] for place in places), activity=group.activity, n=group.n, bought=group.bought
    )


def _adjusted(groups: Sequence[Group]) -> list[Ratio]:
    try:
        return landmark_odds(groups)
    except TooLittleData:
        return []


def _prior(doers: Sequence[Counts]) -> Prior | None:
    try:
        return common_prior([counts for counts in doers if counts.n])
    except TooLittleData:
        return None


def _table(did: Counts, not_did: Counts) -> tuple[tuple[int, int], tuple[int, int]]:
    return (did.successes, did.n - did.successes), (not_did.successes, not_did.n - not_did.successes)


def _alike(groups: Sequence[Group], place: int) -> Figures | None:
    """Return the odds within thirds of like activity, for those who want to see it without a regression."""
    tables = [_table(_doers(third, place), _doers(third, place, did=False)) for third in _thirds(groups)]
    try:
        return _ratio(stratified_odds(tables))
    except TooLittleData:
        return None


def _thirds(groups: Sequence[Group]) -> list[list[Group]]:
    """Return the groups in three of about as many customers each, by activity; like activity stays together."""
    everybody, seen = sum(group.n for group in groups), 0
    by_activity: dict[int, list[Group]] = {}
    for group in groups:
        by_activity.setdefault(group.activity, []).append(group)
    thirds: list[list[Group]] = [[], [], []]
    for activity in sorted(by_activity):
        size = sum(group.n for group in by_activity[activity])
        middle = (seen + size / 2) / everybody
        thirds[min(2, int(3 * middle))] += by_activity[activity]
        seen += size
    return [third for third in thirds if third]


def _ratio(ratio: Ratio) -> Figures:
    low, high = ratio.interval
    return {"value": ratio.value, "interval": [low, high if high < float("inf") else None], "method": ratio.method}
