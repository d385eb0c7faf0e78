"""Figures to words, in the active language: what a marketer may conclude, and how much of it to believe."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.formats import day, money, number, percent
from analytics.money_words import returns_words, robust_words, whale_sentence
from analytics.robustness import NOTABLE_SHARE, OVERWHELMING_SHARE
from analytics.verdict_words import verdict_sentence
from campaigns.models import Campaign, KeyEvent

type Figures = dict[str, Any]

EVIDENCES: Final = ("holdout", "season", "plain")

TITLES: Final = {
    "conversion": gettext_lazy("Conversion"),
    "revenue": gettext_lazy("Revenue per contact"),
    "basket": gettext_lazy("Basket"),
    "nps": gettext_lazy("NPS"),
    "cac": gettext_lazy("Acquisition cost"),
}

MEANINGS: Final = {
    "conversion": gettext_lazy("Customers who came to the goal, for 1,000 contacted."),
    "revenue": gettext_lazy("What one contacted customer brought in, those who bought nothing included."),
    "basket": gettext_lazy("Mean value of an order. The campaign also changes who buys, so it gets no verdict."),
    "nps": gettext_lazy("Share of promoters less share of detractors, each respondent's latest answer."),
    "cac": gettext_lazy("Advertising and messages for one new customer."),
}

LABELS: Final = {
    "holdout": gettext_lazy("Control group"),
    "season": gettext_lazy("Season taken out"),
    "plain": gettext_lazy("Plain before/after"),
}

TRUST: Final = {
    "holdout": gettext_lazy("Proof: chance alone chose who was contacted."),
    "season": gettext_lazy("A hint: trend, other promotions and luck remain."),
    "plain": gettext_lazy("No proof: campaign, season and luck are mixed."),
}

WARNINGS: Final = {
    "season": gettext_lazy("The season changes what people buy."),
    "trend": gettext_lazy("The shop was already growing or shrinking."),
    "regression": gettext_lazy("After a bad month a better one follows by itself."),
    "mix": gettext_lazy("Other visitors may have come than before."),
    "promotions": gettext_lazy("Other promotions may have run."),
}


def describe(figures: Figures, campaign: Campaign) -> Figures:
    """Return `figures` with labels and sentences in the active language beside every number."""
    goal = goal_words(campaign)
    currency = figures.get("currency", "EUR")
    metrics = {
        metric: {
            "title": str(TITLES[metric]),
            "meaning": str(MEANINGS[metric]),
            **{
                evidence: result
                | {"label": str(LABELS[evidence]), "trust": str(TRUST[evidence])}
                | _result_words(metric, evidence, result, goal, currency)
                for evidence, result in rows.items()
            },
        }
        for metric, rows in figures["metrics"].items()
    }
    return figures | {
        "goal": goal,
        "verdict": figures["verdict"]
        | {
            "sentence": verdict_sentence(figures["verdict"], campaign, goal),
            "beside": _beside_sentences(figures, metrics),
        },
        "metrics": metrics,
        "warnings": [str(text) for text in WARNINGS.values()],
        "returns": returns_words(figures.get("returns"), figures.get("pays_back"), currency),
        "robust": robust_words(figures.get("robust", []), currency),
        "one_customer": _whale(figures),
        "contacts_before_after": _contacts_words(figures.get("contacts_before_after")),
    }


def _whale(figures: Figures) -> str:
    """Return the warning of the one customer; none where so few bought that money is not compared at all."""
    if "refused" in figures["metrics"].get("revenue", {}).get("holdout", {"refused": ""}):
        return ""
    return whale_sentence(figures.get("largest_share"), NOTABLE_SHARE, OVERWHELMING_SHARE)


def goal_words(campaign: Campaign) -> str:
    """Return what the campaign counts as success, in the plural: "purchases", or a key event in quotes."""
    return goal_name(campaign.macro_conversion)


def goal_name(macro_conversion: str) -> str:
    """Return a goal in the plural."""
    if macro_conversion == "order":
        return _("purchases")
    event = KeyEvent.objects.filter(name=macro_conversion).first()
    return _("“%(event)s”") % {"event": str(event) if event else macro_conversion}


def _beside_sentences(figures: Figures, metrics: Figures) -> list[str]:
    """Return a sentence for each metric beside the goal whose change is proven, told with its range."""
    sentences = []
    for metric, direction in figures.get("beside", {}).items():
        row = metrics[metric]["holdout"]
        if direction == "unclear":
            continue
        if metric == "cac":
            sentences.append(
                _("Beside the goal: the campaign wins new customers.")
                if direction == "up"
                else _("Beside the goal: the campaign costs new customers.")
            )
            continue
        template = (
            _("Beside the goal: %(metric)s is higher than in the control group (%(range)s %(unit)s).")
            if direction == "up"
            else _("Beside the goal: %(metric)s is lower than in the control group (%(range)s %(unit)s).")
        )
        values = {"metric": metrics[metric]["title"], "range": row["interval_text"], "unit": row["unit_text"]}
        sentences.append(template % values)
    return sentences


def refusal_sentence(code: str, figures: Figures) -> str:
    """Return why there is no number."""
    values = dict(figures)
    for key in ("until", "since"):
        if values.get(key):
            values[key] = day(values[key])
    if code == "missing_spend":
        weeks = len(figures["weeks"])
        return ngettext(
            "Spend is missing for %(weeks)s week: enter it, or this cost would be a guess.",
            "Spend is missing for %(weeks)s weeks: enter it, or this cost would be a guess.",
            weeks,
        ) % {"weeks": weeks}
    return _REFUSALS[code]() % values


_REFUSALS: Final[dict[str, Callable[[], str]]] = {
    "few_conversions": lambda: _(
        "Not enough data yet: %(treated)s and %(control)s successes, at least %(least)s are needed in each group."
    ),
    "few_orders": lambda: _(
        "Not enough data yet: %(treated)s and %(control)s orders, at least %(least)s are needed in each group."
    ),
    "few_answers": lambda: _(
        "Not enough data yet: %(treated)s and %(control)s answers, at least %(least)s are needed in each group."
    ),
    "few_new_customers": lambda: _(
        "Not enough data: %(treated)s and %(control)s new customers, at least %(least)s are needed."
    ),
    "no_cost": lambda: _("What a message costs is not known: enter it in the campaign."),
    "no_extra_customers": lambda: _("The campaign won no extra customers."),
    "no_draw": lambda: _("This campaign has no control group."),
    "suspended": lambda: _("Not shown: the two groups cannot be compared."),
    "after_period_running": lambda: _("The weeks after the launch are not over yet."),
    "no_last_year": lambda: _("The shop's data does not reach back to the same weeks of last year."),
    "little_last_year": lambda: _("Too little happened in the same weeks of last year."),
    "reads_behaviour": lambda: _(
        "Refused: this moment depends on what the customer just did, so their “before” is high or low by construction."
    ),
}


def _result_words(metric: str, evidence: str, result: Figures, goal: str, currency: str) -> Figures:
    """Return value, difference and interval as shown, or the sentence of a refusal."""
    if "refused" in result:
        return {"sentence": refusal_sentence(result["refused"], result["figures"])}
    if result.get("kind") == "extra_customer":
        return _extra_customer_words(result, currency)
    show, unit = _scale(metric, currency, goal)
    if result["method"] == "interrupted_series":
        unit = _("%(unit)s a week") % {"unit": unit}
    low, high = result["diff_ci"]
    words: Figures = {
        "value_t_text": _value(metric, result["value_t"], currency),
        "value_c_text": _value(metric, result["value_c"], currency),
        "diff_text": show(result["diff"]),
        "interval_text": _("%(low)s to %(high)s") % {"low": show(low), "high": show(high)},
        "unit_text": unit,
    }
    if result["rel"] is not None and result["rel_ci"] is not None:
        rel_low, rel_high = result["rel_ci"]
        words["rel_text"] = percent(result["rel"], 0, signed=True)
        words["rel_interval_text"] = _("%(low)s to %(high)s") % {
            "low": percent(rel_low, 0, signed=True),
            "high": percent(rel_high, 0, signed=True) if rel_high is not None else "∞",
        }
    if evidence == "plain":
        shown = words.get("rel_text") or f"{words['diff_text']} {unit}"
        words["sentence"] = _(
            "Before/after: %(change)s. This mixes the campaign, the season and luck; on its own it proves nothing."
        ) % {"change": shown}
    return words


def _extra_customer_words(result: Figures, currency: str) -> Figures:
    low, high = result["interval"]
    if high is None:
        sentence = _("Each extra new customer cost at least %(low)s, possibly far more.") % {
            "low": money(low, currency)
        }
    else:
        sentence = _("Each extra new customer cost %(low)s to %(high)s.") % {
            "low": money(low, currency),
            "high": money(high, currency),
        }
    return {"sentence": sentence}


def _scale(metric: str, currency: str, goal: str) -> tuple[Callable[[float], str], str]:
    """Return how a difference of this metric is written, and its unit."""
    if metric == "conversion":
        return lambda value: number(value * 1000, 1, signed=True), _("%(goal)s per 1,000 contacts") % {"goal": goal}
    if metric == "nps":
        return lambda value: number(value, 1, signed=True), _("points")
    return lambda value: money(value, currency, signed=True), _("a new customer") if metric == "cac" else {
        "revenue": _("a contact"),
        "basket": _("per order"),
    }[metric]


def _value(metric: str, value: float, currency: str) -> str:
    if metric == "conversion":
        return percent(value, 2)
    return number(value, 1) if metric == "nps" else money(value, currency)


def _contacts_words(result: Figures | None) -> Figures:
    """Return the contacts' own before/after in words, or why it is refused."""
    if not result:
        return {}
    if "refused" in result:
        return result | {"sentence": refusal_sentence(result["refused"], result["figures"])}
    sentence = _("The contacted customers themselves: %(before)s bought before their gesture, %(after)s after it.") % {
        "before": percent(result["value_c"]),
        "after": percent(result["value_t"]),
    }
    return result | {"sentence": f"{sentence} {TRUST['plain']}"}
