"""The shop's net promoter score: now, month by month, and how far those who answered speak for the others."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.comparisons import ANSWERS
from analytics.facts.scores import Stratum, asked, monthly_scores, scores, strata, within
from analytics.facts.windows import Period, day_start
from analytics.formats import number, pair, percent
from analytics.kernel import Counts, Scores, TooLittleData, wilson
from analytics.kernel.single import score_interval, weighted_score
from campaigns.models import Shop

type Figures = dict[str, Any]

MONTHS: Final = (12, 24, 60)
# Two rates of answering differ enough to matter: the one class answers half as often again as the other.
UNEVEN: Final = 1.5
CLASS_TITLES: Final = {
    "none": gettext_lazy("no order yet"),
    "one": gettext_lazy("one order"),
    "few": gettext_lazy("two or three orders"),
    "many": gettext_lazy("four orders or more"),
}


def months_until(now: datetime, months: int, zone: ZoneInfo) -> tuple[Period, list[date]]:
    """Return the period of the last `months` calendar months, the present one included, and their first days."""
    local = now.astimezone(zone).date().replace(day=1)
    count = local.year * 12 + local.month - 1
    firsts = [date(at // 12, at % 12 + 1, 1) for at in range(count - months + 1, count + 1)]
    end = date((count + 1) // 12, (count + 1) % 12 + 1, 1)
    return Period(since=day_start(firsts[0], zone), until=day_start(end, zone)), firsts


def nps_figures(survey: str, months: int, now: datetime) -> Figures:
    """Return the score of `survey` over the last calendar months, JSON-ready, with sentences in the active language.

    Points are −100 to 100, shares are of 1; a score of fewer than 30 answers is None. Respondents count once a
    month in the trend and once in all, by their latest answer.
    """
    shop = Shop.get()
    zone = ZoneInfo(shop.timezone)
    period, firsts = months_until(now, months, zone)
    answers = within(survey, period)
    by_month = monthly_scores(answers, zone)
    overall = _told(scores(answers))
    return {
        "survey": survey,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        **overall,
        "sentence": _sentence(overall),
        "trend": [{"month": first.isoformat(), **_told(by_month[first])} for first in firsts if first in by_month],
        "respondents": _who_answered(survey, period),
    }


def _told(counted: Scores) -> Figures:
    """Return one score as figures; without enough answers it has none, and no interval."""
    figures: Figures = {
        "n": counted.n,
        "promoters": counted.promoters,
        "passives": counted.passives,
        "detractors": counted.detractors,
        "nps": None,
        "interval": None,
    }
    if counted.n < ANSWERS:
        return figures
    return figures | {"nps": counted.sums.mean, "interval": list(score_interval(counted))}


def _sentence(told: Figures) -> str:
    if told["nps"] is None:
        return ngettext(
            "Not enough data yet: %(n)s answer, at least %(least)s are needed.",
            "Not enough data yet: %(n)s answers, at least %(least)s are needed.",
            told["n"],
        ) % {"n": number(told["n"]), "least": ANSWERS}
    low, high = pair(*told["interval"], signed=True)
    return _(
        "%(promoters)s of %(n)s respondents would recommend the shop, %(detractors)s would not: the score lies "
        "between %(low)s and %(high)s."
    ) % {
        "promoters": percent(told["promoters"] / told["n"], 0),
        "detractors": percent(told["detractors"] / told["n"], 0),
        "n": number(told["n"]),
        "low": low,
        "high": high,
    }


def _who_answered(survey: str, period: Period) -> Figures:
    """Return the rate of answers by number of orders, and the score at everybody's weights."""
    of_asked = survey == "nps" and asked(period).exists()
    classes = strata(survey, period, of_asked=of_asked)
    rows = [_class_row(stratum) for stratum in classes]
    customers, respondents = (
        sum(getattr(stratum, name) for stratum in classes) for name in ("customers", "respondents")
    )
    told: Figures = {"of": "asked" if of_asked else "buyers", "customers": customers, "respondents": respondents}
    told |= {
        "rate": respondents / customers if customers else None,
        "classes": rows,
        "weighted": None,
        "interval": None,
    }
    try:
        value, interval = weighted_score([(stratum.customers, stratum.scores) for stratum in classes])
    except TooLittleData:
        return told | {"sentence": _bias_sentence(told, classes)}
    if respondents >= ANSWERS:
        told |= {"weighted": value, "interval": list(interval)}
    return told | {"sentence": _bias_sentence(told, classes)}


def _class_row(stratum: Stratum) -> Figures:
    answered = Counts(n=stratum.customers, successes=stratum.respondents)
    told = _told(stratum.scores)
    return {
        "class": stratum.name,
        "title": str(CLASS_TITLES[stratum.name]),
        "customers": stratum.customers,
        "respondents": stratum.respondents,
        "rate": answered.share,
        "rate_interval": list(wilson(answered)),
        "nps": told["nps"],
        "interval": told["interval"],
    }


def _bias_sentence(told: Figures, classes: Sequence[Stratum]) -> str:
    """Return how far the respondents speak for all, in words."""
    if not told["respondents"]:
        return _("Nobody has answered.")
    values = {"n": number(told["respondents"]), "all": number(told["customers"]), "rate": percent(told["rate"])}
    said = (
        _("%(n)s of the %(all)s customers who were asked answered (%(rate)s).")
        if told["of"] == "asked"
        else _("%(n)s of the shop's %(all)s buyers answered (%(rate)s).")
    ) % values
    rates = [(stratum.respondents / stratum.customers, stratum) for stratum in classes if stratum.customers >= ANSWERS]
    if len(rates) < 2:
        return said
    (least, quiet), (most, loud) = min(rates, key=lambda one: one[0]), max(rates, key=lambda one: one[0])
    if most < UNEVEN * least:
        return said + " " + _("Customers with few and with many orders answered about equally often.")
    said += " " + _(
        "Those with %(loud)s answered more often (%(most)s) than those with %(quiet)s (%(least)s): the score speaks "
        "more for the former."
    ) % {
        "loud": CLASS_TITLES[loud.name],
        "quiet": CLASS_TITLES[quiet.name],
        "most": percent(most),
        "least": percent(least),
    }
    if told["weighted"] is not None:
        low, high = pair(*told["interval"], signed=True)
        said += " " + _("Had all answered as often, it would lie between %(low)s and %(high)s.") % {
            "low": low,
            "high": high,
        }
    return said
