"""Answers to one survey over months: each respondent's latest answer of a month, and who did not answer."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber, TruncMonth

from analytics.facts.windows import Period
from analytics.kernel import Scores
from campaigns.models import Answer, Customer
from triggers.models import MAY_HAVE_SPOKEN, Delivery

BANDS: Final = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}
# Classes of customers by their orders: (name, fewest, most).
CLASSES: Final = (("none", 0, 0), ("one", 1, 1), ("few", 2, 3), ("many", 4, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Customers with about as many orders: how many could have answered, how many did, and what they said."""

    name: str
    customers: int
    respondents: int
    scores: Scores


def surveys() -> list[str]:
    """Return the names of the surveys that were ever answered."""
    return list(Answer.objects.order_by("survey").values_list("survey", flat=True).distinct())


def within(survey: str, period: Period) -> QuerySet[Answer]:
    """Return the answers to `survey` of one period."""
    return Answer.objects.filter(period.within("answered_at"), survey=survey)


def scores(answers: QuerySet[Answer]) -> Scores:
    """Return what the latest answer of each respondent says."""
    return Scores(**_latest(answers).aggregate(**_counted()))


def monthly_scores(answers: QuerySet[Answer], zone: ZoneInfo) -> dict[date, Scores]:
    """Return, for each month (by its first day, in `zone`) with answers, what each respondent's latest one says."""
    month = TruncMonth("answered_at", tzinfo=zone)
    rows: Any = _latest(answers, month).annotate(month=month).values("month").annotate(**_counted()).order_by("month")
    return {row["month"].date(): Scores(**{band: row[band] for band in BANDS}) for row in rows}


def _latest(answers: QuerySet[Answer], *within_each: Any) -> QuerySet[Answer]:
    ranked = answers.annotate(
        rank=Window(
            RowNumber(),
            partition_by=[F("customer_id"), *within_each],
            order_by=[F("answered_at").desc(), F("pk").desc()],
        )
    )
    return Answer.objects.filter(pk__in=ranked.filter(rank=1).values("pk"))


def _counted() -> dict[str, Any]:
    return {band: Count("pk", filter=Q(score__range=scores)) for band, scores in BANDS.items()}


def asked(period: Period) -> QuerySet[Delivery]:
    """Return the messages of `period` whose gesture asks the survey's question."""
    return Delivery.objects.filter(
        period.within("permitted_at"),
        campaign__gesture__variants__body__contains="survey_url",
        state__in=MAY_HAVE_SPOKEN,
    )


def strata(survey: str, period: Period, *, of_asked: bool) -> list[Stratum]:
    """Return who answered `survey` in `period` by number of orders: of those whom a message asked, or of all buyers."""
    people = (
        Customer.objects.filter(pk__in=asked(period).values("customer"))
        if of_asked
        else Customer.objects.filter(first_order_at__lt=period.until)
    )
    answers = within(survey, period)
    rows = dict(
        people.annotate(kind=_kind("orders_count"))
        .values_list("kind")
        .annotate(customers=Count("pk"))
        .values_list("kind", "customers")
    )
    told: Any = (
        _latest(answers.filter(customer__in=people))
        .annotate(kind=_kind("customer__orders_count"))
        .values("kind")
        .annotate(**_counted())
    )
    by_kind = {row["kind"]: Scores(**{band: row[band] for band in BANDS}) for row in told}
    nobody = Scores(promoters=0, passives=0, detractors=0)
    return [
        Stratum(
            name=name, customers=rows[name], respondents=by_kind.get(name, nobody).n, scores=by_kind.get(name, nobody)
        )
        for name, _fewest, _most in CLASSES
        if rows.get(name)
    ]


def _kind(orders: str) -> Case:
    *others, (last, _fewest, _most) = CLASSES
    return Case(
        *(When(Q(**{f"{orders}__lte": most}), then=Value(name)) for name, _least, most in others), default=Value(last)
    )
