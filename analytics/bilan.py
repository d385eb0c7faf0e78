"""The Bilan: what the whole programme brought beside its global control group, what it cost, and what people say."""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from analytics.comparisons import ORDERS
from analytics.facts.global_group import WrittenTo, orders_before, written_to
from analytics.facts.programme import Side, cost, epochs, margin_share, sides, three_comments, voice
from analytics.facts.roomy import ask
from analytics.facts.windows import Period, civil_day, civil_shift, day_start
from analytics.formats import day, money, number
from analytics.gates import Gate, State, draw_gate
from analytics.kept import kept
from analytics.kernel import (
    LEVEL,
    Counts,
    TooLittleData,
    always_valid_level,
    compare_conversion,
    compare_revenue,
    wilson,
)
from campaigns.models import Shop
from triggers.models import GlobalHoldout

type Figures = dict[str, Any]

# An epoch is drawn anew each quarter.
EPOCH_DAYS: Final = 91
# The time looked back on where nobody is held out from everything.
WITHOUT_GROUP_DAYS: Final = 91


def bilan_figures(epoch: str, now: datetime) -> Figures:
    """Return the programme's figures over one epoch of the global control group ("" is the latest), without words.

    Money is in minor units. `gained` is the extra margin with its interval, or `refused` says why there is none.
    """
    zone = ZoneInfo(Shop.get().timezone)
    today = day_start(civil_day(now, zone), zone)
    return kept(f"bilan:{epoch}:{today.isoformat()}"[:300], now, lambda: ask(lambda: _measured(epoch, now, zone))[0])


def _measured(epoch: str, now: datetime, zone: ZoneInfo) -> Figures:
    known = epochs(now)
    chosen = next(((group, period) for group, period in known if group.epoch == epoch), known[0] if known else None)
    period = chosen[1] if chosen else Period(since=civil_shift(now, -WITHOUT_GROUP_DAYS, zone), until=now)
    spoken = voice(period)
    told: Figures = {
        "epoch": chosen[0].epoch if chosen else "",
        "epochs": [group.epoch for group, _period in known],
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "running": period.until == now,
        "currency": Shop.get().currency,
        "cost": cost(period),
        "margin_share": margin_share(),
        "refused": None,
        "gained": None,
        "messages": spoken.messages,
        "people": spoken.people,
        "each": spoken.each,
        "most": spoken.most,
        "complaints": spoken.complaints,
        "complaint_range": list(wilson(Counts(n=spoken.messages, successes=min(spoken.complaints, spoken.messages))))
        if spoken.messages
        else None,
        "unsubscribed": spoken.unsubscribed,
        "comments": three_comments(period),
    }
    if chosen is None:
        return told | {"refused": "no_group"}
    both = sides(*chosen)
    health, reached = _health(chosen[0], both, period)
    told |= {f"{name}_customers": side.buyers.n for name, side in both.items()}
    told |= {f"{name}_orders": side.orders for name, side in both.items()}
    told |= {"ends": civil_shift(period.since, EPOCH_DAYS, zone).isoformat(), "health": health.as_dict()}
    told |= {"written_to_earlier": reached.earlier}
    if health.state is State.FAILED:
        return told | {"refused": health.reason}
    return told | _gained(both, period, now, told["cost"], told["margin_share"])


def _health(group: GlobalHoldout, both: dict[str, Side], period: Period) -> tuple[Gate, WrittenTo]:
    """Check the draw as every campaign's is checked; who was written to against it counts as in both groups."""
    sizes = {name: side.buyers.n for name, side in both.items()}
    reached = written_to(group, period)
    gate = draw_gate(
        treated=sizes["treated"],
        control=sizes["control"],
        in_both=reached.strays,
        before=orders_before(group, sizes, EPOCH_DAYS),
        control_share=float(group.share),
    )
    return gate, reached


def _gained(both: dict[str, Side], period: Period, now: datetime, spent: float, margin: float) -> Figures:
    treated, control = both["treated"], both["control"]
    if min(treated.orders, control.orders) < ORDERS:
        return {"refused": "few_orders", "least": min(treated.orders, control.orders)}
    days = max(1, (period.until - period.since) // timedelta(days=1))
    # An epoch that is running is looked at every day: its range is one that may be.
    level = always_valid_level(n=days, n_target=EPOCH_DAYS, level=LEVEL) if period.until == now else LEVEL
    try:
        revenue = compare_revenue(treated.revenue, control.revenue, level=level)
        conversion = compare_conversion(treated.buyers, control.buyers, level=level)
    except TooLittleData:
        return {"refused": "few_orders", "least": min(treated.orders, control.orders)}
    factor = treated.buyers.n * margin
    low, high = (factor * end for end in revenue.diff_ci)
    return {
        "days": days,
        "gained": {
            "value": factor * revenue.diff,
            "interval": [low, high],
            "net": [low - spent, high - spent],
            "level": LEVEL,
            "revenue": revenue.as_dict(),
            "conversion": conversion.as_dict(),
            "proven": "up" if low > spent else "gain" if low > 0 else "down" if high < 0 else "unclear",
            "breaks_even": _breaks_even(low, high, spent, days),
        },
    }


def _breaks_even(low: float, high: float, spent: float, days: int) -> Figures:
    """Return after how many days of the period the margin covers the cost, at its best and at its worst; None: never
    so far. Both are taken to come evenly."""
    if not spent:
        return {"earliest": 0, "latest": 0 if low >= 0 else None}

    def when(end: float) -> int | None:
        return -int(-days * spent // end) if end >= spent else None

    return {"earliest": when(high), "latest": when(low)}


def bilan_words(figures: Figures) -> Figures:
    """Return the Bilan with its sentences in the active language: the verdict, and honest where nothing is proven."""
    zone = ZoneInfo(Shop.get().timezone)
    last = datetime.fromisoformat(figures["until"]) - timedelta(seconds=1)
    currency = figures["currency"]
    told = figures | {
        "period_text": f"{day(figures['since'], zone)} – {day(last.isoformat(), zone)}",
        "cost_text": money(figures["cost"], currency),
        "each_text": number(figures["each"], 1),
        "comments": [row | {"day": day(row["answered_at"], zone)} for row in figures["comments"]],
        "complaints_text": _complaints(figures),
        "sentence": _verdict(figures),
        "honest": _honest(figures),
        "tone": {"up": "good", "gain": "good", "down": "bad"}.get((figures["gained"] or {}).get("proven", ""), "calm"),
    }
    if figures["gained"]:
        low, high = (money(end, currency, signed=True) for end in figures["gained"]["interval"])
        net_low, net_high = (money(end, currency, signed=True) for end in figures["gained"]["net"])
        told |= {
            "gained_text": _("%(low)s to %(high)s") % {"low": low, "high": high},
            "net_text": _("%(low)s to %(high)s") % {"low": net_low, "high": net_high},
            "even_text": _even(figures["gained"]["breaks_even"]),
        }
    return told


def _verdict(figures: Figures) -> str:
    if figures["refused"] == "no_group":
        return _("Nobody can say yet what the whole programme brings: no customers are held out from all of it.")
    if figures["refused"] == "unbalanced_draw":
        return _(
            "The global control group does not have its planned size: nothing is compared until that is explained."
        )
    if figures["refused"] == "contaminated":
        return _("No result: customers of the control group were contacted all the same.")
    if figures["refused"] == "unlike_before":
        return _("No result: the two groups already differed before the draw, more than luck explains.")
    if figures["refused"] == "few_orders":
        return _("Not enough data yet: a side of the comparison has %(least)s orders, at least 50 are needed.") % {
            "least": number(figures["least"])
        }
    gained = figures["gained"]
    low, high = gained["interval"]
    values = {
        "low": money(abs(low) if high < 0 else low, figures["currency"], signed=low < 0 < high),
        "high": money(abs(high) if high < 0 else high, figures["currency"], signed=low < 0 < high),
    }
    if gained["proven"] == "down":
        return _("The programme lost %(high)s to %(low)s of margin beside customers left alone.") % values
    if gained["proven"] == "unclear":
        return (
            _("Nothing is proven: beside customers left alone, it changed the margin by %(low)s to %(high)s.") % values
        )
    return _("The programme brought %(low)s to %(high)s more margin than leaving customers alone.") % values


def _honest(figures: Figures) -> str:
    """Return the one sentence that a boss must hear beside the range."""
    if figures["refused"] == "no_group":
        return _(
            "Hold out 5 to 10 customers in 100 from every gesture for a quarter: then this page says it, as a range."
        )
    if figures["refused"]:
        return _("Whatever the campaigns' single reports say, the sum is not known.")
    proven = figures["gained"]["proven"]
    cost_text = money(figures["cost"], figures["currency"])
    if proven == "unclear":
        return _("It may have brought something or nothing; it certainly cost %(cost)s.") % {"cost": cost_text}
    if proven == "gain":
        return _("It brings margin, but that it covers its cost of %(cost)s is not proven yet.") % {"cost": cost_text}
    if proven == "down":
        return _("Stop, look which campaign harms, and begin again with less.")
    return _("Even at the lower end it covers its cost of %(cost)s.") % {"cost": cost_text}


def _even(even: Figures) -> str:
    if even["earliest"] is None:
        return _("not within this period")
    if even["latest"] is None:
        return _("day %(earliest)s at the earliest; not proven yet") % {"earliest": number(even["earliest"])}
    return _("between day %(earliest)s and day %(latest)s") % {
        "earliest": number(even["earliest"]),
        "latest": number(even["latest"]),
    }


def _complaints(figures: Figures) -> str:
    if not figures["complaint_range"]:
        return _("No message went out.")
    low, high = figures["complaint_range"]
    return _("%(low)s to %(high)s for 1,000 messages") % {"low": number(1000 * low, 1), "high": number(1000 * high, 1)}
