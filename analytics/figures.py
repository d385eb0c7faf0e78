"""What the facts of one campaign say: comparisons, gates, verdict and money, as figures without words."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from analytics.comparisons import Refusal, Result, Results, Side, compare, compare_new_customers, refuse_all
from analytics.facts.contacts import Assignment
from analytics.facts.messages import Messages
from analytics.facts.outcomes import Arm
from analytics.facts.windows import before_and_after, civil_shift, whole_weeks
from analytics.gates import (
    Course,
    State,
    effect_gate,
    evidence_gate,
    health_gate,
    maturity_gate,
    verdict,
    volume_gate,
)
from analytics.inputs import inputs_of
from analytics.kernel import (
    LEVEL,
    Counts,
    Estimate,
    Evidence,
    IncrementalCac,
    Metric,
    Scores,
    always_valid_level,
    compare_conversion,
    holm,
)
from analytics.kernel.conversion import score_test
from analytics.kernel.health import STRICT_LEVEL
from analytics.payback import cost_of, money_back, pays_back
from analytics.robustness import NOTABLE_SHARE, OVERWHELMING_SHARE, largest_shares, other_ways
from campaigns.models import Campaign, Shop
from triggers.holdout import share_of

# Refunds still come in for a month: until then the figures are provisional.
REFUND_DAYS: Final = 30
# Kinds whose moment has nothing to do with buying; after any other, "before" is high or low by construction.
CALENDAR_KINDS: Final = frozenset({"birthday", "calendar", "anniversary"})

type Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contacts:
    """What the customers of both arms did."""

    assigned: Assignment
    arms: dict[str, Arm]
    scores: dict[str, Scores]


@dataclass(frozen=True, slots=True)
class Around:
    """What the campaign sent and left out, and what the whole shop did before and after the launch."""

    sent: Messages
    exclusions: dict[str, int]
    withheld: dict[str, int]
    before_after: tuple[Results, Results, dict[str, list[str]]]


def figures_of(campaign: Campaign, now: datetime, shop: Shop, contacts: Contacts, around: Around) -> Figures:
    """Return the figures of a campaign with contacts, JSON-ready, in minor units and shares of 1."""
    zone = ZoneInfo(shop.timezone)
    assigned, arms, scores, sent = contacts.assigned, contacts.arms, contacts.scores, around.sent
    course, final = _course(campaign, assigned, now, zone), is_final(campaign, assigned, now, zone)
    share, useful = float(share_of(campaign)), float(campaign.smallest_useful_effect) / 1000
    health = health_gate(assigned, arms, control_share=share)
    cost = cost_of(campaign, arms["treated"], assigned, sent)
    held_out, strict = (
        # The arms of a failed draw cannot be compared, so no figure of theirs is shown.
        refuse_all("suspended", fault=health.reason)
        if health.state is State.FAILED
        else _holdout(campaign, arms, scores, cost, _level(level, arms, course, campaign, now), mature=course.mature)
        for level in (LEVEL, STRICT_LEVEL)
    )
    plain, season, periods = around.before_after
    primary, revenue = held_out[Metric.CONVERSION], held_out[Metric.REVENUE]
    overwhelmed = max(largest_shares(arms).values()) >= OVERWHELMING_SHARE
    gates = [
        health,
        volume_gate(arms),
        maturity_gate(assigned, course),
        evidence_gate(primary, control_share=share),
        effect_gate(primary, useful=useful, conclusive=not course.early),
    ]
    n = arms["treated"].contacts + arms["control"].contacts
    return {
        "final": final,
        "currency": shop.currency,
        "level": LEVEL,
        "course": {"early": course.early, "mature": course.mature, "over": course.over, "weekly": course.weekly},
        "counts": _counts(assigned, arms, sent),
        "exclusions": around.exclusions,
        "withheld": around.withheld,
        "periods": periods,
        "gates": [gate.as_dict() for gate in gates],
        "verdict": verdict(gates, primary, strict[Metric.CONVERSION], useful=useful, course=course, n=n),
        "metrics": _by_metric(holdout=held_out, season=season, plain=plain),
        "largest_share": largest_shares(arms),
        "beside": _beside(held_out, but={Metric.REVENUE} if overwhelmed else set()),
        **_money(campaign, arms, cost, revenue, overwhelmed=overwhelmed, early=course.early),
        "contacts_before_after": _plain(_contacts_before_after(campaign, arms["treated"])),
        "inputs": inputs_of(assigned, arms, scores, sent),
    }


def _by_metric(**ways: Results) -> Figures:
    """Return each metric as each way of comparing tells it."""
    return {metric.value: {way: _plain(results[metric]) for way, results in ways.items()} for metric in Metric}


def _money(
    campaign: Campaign, arms: dict[str, Arm], cost: float, revenue: Result, *, overwhelmed: bool, early: bool
) -> Figures:
    """Return what was earned on the cost; nothing where one customer brought half: that is one person's whim."""
    earned = isinstance(revenue, Estimate) and not early and not overwhelmed
    return {
        "robust": other_ways(revenue, arms) if isinstance(revenue, Estimate) else [],
        "returns": None if overwhelmed else money_back(campaign, arms["treated"], cost, revenue),
        "pays_back": pays_back(campaign, arms, cost) if earned else None,
    }


def is_final(campaign: Campaign, assigned: Assignment, now: datetime, zone: ZoneInfo) -> bool:
    """Return whether nothing of the report can change any more: ended, every window over, refunds in."""
    if campaign.ended_at is None or campaign.launched_at is None or not assigned.mature:
        return False
    last = max(assigned.anchors.until, campaign.ended_at) if assigned.anchors else campaign.ended_at
    _before, after = before_and_after(campaign.launched_at, whole_weeks(campaign.before_after_days), zone)
    settled = civil_shift(last, campaign.attribution_days + REFUND_DAYS, zone)
    return now >= max(settled, civil_shift(after.until, REFUND_DAYS, zone))


def _course(campaign: Campaign, assigned: Assignment, now: datetime, zone: ZoneInfo) -> Course:
    launched = campaign.launched_at or now
    verdict_at = civil_shift(launched, campaign.before_after_days + campaign.attribution_days, zone)
    over = campaign.ended_at is not None
    until = min(now, campaign.ended_at or now)
    weeks = max((until - launched) / timedelta(days=7), 1.0)
    return Course(
        early=not over and now < verdict_at,
        over=over,
        mature=assigned.mature,
        verdict_at=verdict_at,
        weekly=(assigned.treated + assigned.control) / weeks,
        window_weeks=-(-campaign.attribution_days // 7),
    )


def _level(level: float, arms: dict[str, Arm], course: Course, campaign: Campaign, now: datetime) -> float:
    """Return the fixed level to compute at: before the planned day, one that stays honest however often one looks."""
    n = arms["treated"].contacts + arms["control"].contacts
    if not course.early or not n:
        return level
    planned_weeks = max((course.verdict_at - (campaign.launched_at or now)) / timedelta(days=7), 1.0)
    return always_valid_level(n=n, n_target=max(1, round(course.weekly * planned_weeks)), level=level)


def _holdout(
    campaign: Campaign, arms: dict[str, Arm], scores: dict[str, Scores], cost: float, level: float, *, mature: bool
) -> Results:
    if not share_of(campaign):
        return refuse_all("no_draw")
    results = compare(
        Side.of(arms["treated"], scores["treated"]),
        Side.of(arms["control"], scores["control"]),
        level=level,
        evidence=Evidence.HOLDOUT,
    )
    shares = largest_shares(arms)
    for metric, result in results.items():
        if isinstance(result, Estimate):
            whale = metric in (Metric.REVENUE, Metric.BASKET) and max(shares.values()) >= NOTABLE_SHARE
            warned = (*result.warnings, "one_customer") if whale else result.warnings
            results[metric] = replace(result, mature=mature, warnings=warned)
    results[Metric.CAC] = compare_new_customers(arms["treated"], arms["control"], cost=cost, level=level)
    return results


def _contacts_before_after(campaign: Campaign, treated: Arm) -> Result:
    """Return the treated contacts' own before/after around their anchors, refused where the moment reads behaviour."""
    moment = campaign.moment
    # Some months after a first order, the order itself may lie in the time before.
    if moment.kind not in CALENDAR_KINDS or moment.rule.get("months"):
        return Refusal(code="reads_behaviour")
    if not treated.long_after.n:
        return Refusal(code="after_period_running")
    return replace(compare_conversion(treated.long_after, treated.long_before), evidence=Evidence.PLAIN)


def _beside(held_out: Results, *, but: set[Metric]) -> dict[str, str]:
    """Return the direction of the metrics beside the goal, by Holm; a basket has none: its buyers change too."""
    tested: list[tuple[Metric, float, float, float]] = []
    for metric in (Metric.REVENUE, Metric.NPS):
        result = held_out[metric]
        if isinstance(result, Estimate) and result.p is not None and metric not in but:
            tested.append((metric, result.p, result.diff, result.level))
    won = held_out[Metric.CAC]
    if isinstance(won, IncrementalCac):
        arms = Counts(n=won.n_t, successes=won.new_t), Counts(n=won.n_c, successes=won.new_c)
        tested.append((Metric.CAC, score_test(*arms), arms[0].share - arms[1].share, won.level))
    adjusted = holm([p for _metric, p, _diff, _level in tested])
    return {
        metric.value: "unclear" if p >= 1 - level else "up" if diff > 0 else "down"
        for (metric, _p, diff, level), p in zip(tested, adjusted, strict=True)
    }


def _counts(assigned: Assignment, arms: dict[str, Arm], sent: Messages) -> Figures:
    return {
        "treated": assigned.treated,
        "control": assigned.control,
        "mature_treated": assigned.mature_treated,
        "mature_control": assigned.mature_control,
        "buyers_treated": arms["treated"].buyers.successes,
        "buyers_control": arms["control"].buyers.successes,
        "orders_treated": round(arms["treated"].baskets.y),
        "orders_control": round(arms["control"].baskets.y),
        "messages": sent.sent,
        "message_cost": sent.cost,
    }


def _plain(result: Result) -> Figures:
    if isinstance(result, Estimate | Refusal):
        return result.as_dict()
    low, high = result.interval
    return {
        "metric": Metric.CAC.value,
        "unit": "money",
        "kind": "extra_customer",
        "value": result.value,
        "interval": [low, high if high != float("inf") else None],
        "n_t": result.n_t,
        "n_c": result.n_c,
        "new_t": result.new_t,
        "new_c": result.new_c,
        "level": result.level,
        "method": result.method,
        "evidence": Evidence.HOLDOUT.value,
    }
