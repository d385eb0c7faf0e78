"""Anniversaries of the relation: months or years after the sign-up or the first order, in the customer's own zone."""

import calendar
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, Self

from django.db.models import Case, CharField, DateTimeField, F, Min, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from campaigns.bell import Fact
from campaigns.models import Campaign, Customer, Shop
from campaigns.moment_kinds import MomentRule
from triggers import local_time
from triggers.occasions.kind import AT_ONCE, NO_ORDER, Brings, OccasionKind, Window
from triggers.occasions.local_days import LocalDay, local_days
from triggers.occasions.words import listed

_YEAR: Final = 12
_LEAP_DAY: Final = (2, 29)


class AnniversaryRule(MomentRule):
    """What began the relation, and which of its anniversaries are kept; `send_hour` on the customer's wall clock."""

    begins: Literal["signed_up", "first_order"] = "signed_up"
    every_year: bool = Field(default=True, title=gettext_noop("every year"))
    years: tuple[Annotated[int, Field(ge=1, le=100)], ...] = Field(
        default=(),
        title=gettext_noop("or only after these years"),
        description=gettext_noop("For example 1, 5, 10; only where not every year counts."),
    )
    months: tuple[Literal[1, 3, 6], ...] = Field(default=(), title=gettext_noop("and after these months"))
    send_hour: int = Field(default=9, ge=0, le=23)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.every_year or self.years or self.months):
            raise PydanticCustomError("no_anniversary", _("Choose every year, some years or some months."))
        return self


@dataclass(frozen=True, slots=True)
class _Span:
    """Relations that began from `start` until before `end` reach `key` at `due`."""

    start: datetime
    end: datetime
    key: str
    due: datetime
    fresh_until: datetime


class Anniversary(OccasionKind):
    """Key `anniversary:3m` or `anniversary:1y`, due at the send hour, fresh until the end of the next local day.

    A month that has no such day ends on its last one: 31 January is followed by 28 February, and 29 February by the
    shop's leap day in common years.
    """

    name = "anniversary"
    label = gettext_lazy("anniversary of the relation")
    rule_model = AnniversaryRule
    customer_path = ""
    longest_fresh = timedelta(days=3)
    counts_permitted_time = False
    # Between one month and three there are 59 days: one row of the query stands for one anniversary.
    longest_window = timedelta(days=57)

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, AnniversaryRule)
        a_month = timedelta(days=26)
        return {Fact.CUSTOMER: AT_ONCE} | ({} if rule.begins == "signed_up" else {Fact.ORDER: a_month})

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "1 month, 6 months and each year after the sign-up, at 9:00 local time"."""
        assert isinstance(rule, AnniversaryRule)
        marks = [ngettext("%d month", "%d months", number) % number for number in sorted(set(rule.months))]
        if rule.every_year:
            marks.append(_("each year"))
        else:
            marks += [ngettext("%d year", "%d years", number) % number for number in sorted(set(rule.years))]
        begins = {
            "signed_up": _("%(marks)s after the sign-up, at %(hour)s local time"),
            "first_order": _("%(marks)s after the first order, at %(hour)s local time"),
        }[rule.begins] % {"marks": listed(marks), "hour": f"{rule.send_hour}:00"}
        return begins[:1].upper() + begins[1:]

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind; raises ValueError for a window of more than 57 days."""
        self.refuse_long(window)
        rule = AnniversaryRule.model_validate(campaign.moment.rule)
        began = f"{rule.begins}_at"
        spans = _spans(rule, campaign, window)
        zones = _zones_alike(spans)
        near = Q(pk__in=[])
        for start, end in _hulls(spans):
            near |= Q(**{f"{began}__gte": start, f"{began}__lt": end})
        return (
            Customer.objects.filter(near, self.among(campaign, customers))
            .annotate(
                customer_id=F("pk"),
                key=_told(began, zones, "key", CharField()),
                due_at=_told(began, zones, "due", DateTimeField()),
                fresh_until=_told(began, zones, "fresh_until", DateTimeField()),
                order_id=NO_ORDER,
            )
            .filter(key__isnull=False)
        )


def _spans(rule: AnniversaryRule, campaign: Campaign, window: Window) -> dict[str, list[_Span]]:
    """Return, by zone name, the days on which a relation began whose anniversary falls due within `window`."""
    shop = Shop.get()
    earliest = Customer.objects.aggregate(earliest=Min(f"{rule.begins}_at"))["earliest"]
    spans: dict[str, list[_Span]] = defaultdict(list)
    for local in local_days(campaign, window, rule.send_hour, shop) if earliest else ():
        for months in _marks(rule, local.day.year - earliest.year + 1):
            if began := _began(local.day, months, shop):
                key = f"anniversary:{months // _YEAR}y" if months % _YEAR == 0 else f"anniversary:{months}m"
                span = _span(local, began, key)
                if span.end > earliest:
                    spans[local.name].append(span)
    return spans


def _marks(rule: AnniversaryRule, oldest: int) -> Iterator[int]:
    """Yield the anniversaries that count, in months; nobody is older than `oldest` years."""
    yield from set(rule.months)
    yield from (_YEAR * year for year in (range(1, oldest + 1) if rule.every_year else set(rule.years)))


def _began(day: date, months: int, shop: Shop) -> tuple[date, date] | None:
    """Return the first and last day that `day` is `months` after; None where that month has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    month += 1
    last = calendar.monthrange(year, month)[1]
    if day.day > last:
        return None
    first, ends_month = day.day, day.day == calendar.monthrange(day.year, day.month)[1]
    if months % _YEAR == 0 and not calendar.isleap(day.year) and shop.leap_day == Shop.LeapDay.MARCH_1:
        if (day.month, day.day) == (3, 1) and calendar.isleap(year):
            return date(year, *_LEAP_DAY), date(year, 3, 1)
        if (day.month, day.day) == (2, 28):
            ends_month = False
    return date(year, month, first), date(year, month, last if ends_month else first)


def _span(local: LocalDay, began: tuple[date, date], key: str) -> _Span:
    first, last = began
    return _Span(
        start=local_time.instant(first, time(0), local.zone),
        end=local_time.day_end(last, local.zone),
        key=key,
        due=local.due,
        fresh_until=local.end(1),
    )


def _hulls(spans: dict[str, list[_Span]]) -> Iterator[tuple[datetime, datetime]]:
    """Yield for each anniversary the instants between which the relations began, wherever the customer lives.

    The index on the beginning answers these; asked zone by zone, SQLite would rather read whole zones.
    """
    by_key: dict[str, list[_Span]] = defaultdict(list)
    for span in (span for found in spans.values() for span in found):
        by_key[span.key].append(span)
    for found in by_key.values():
        yield min(span.start for span in found), max(span.end for span in found)


def _zones_alike(spans: dict[str, list[_Span]]) -> dict[tuple[_Span, ...], list[str]]:
    """Return the zone names that have the same spans, together."""
    alike: dict[tuple[_Span, ...], list[str]] = defaultdict(list)
    for name, found in spans.items():
        alike[tuple(found)].append(name)
    return alike


def _told(began: str, zones: dict[tuple[_Span, ...], list[str]], what: str, of: Any) -> Case:
    """Return the expression of one attribute of the span in which the customer's relation began, NULL for none."""

    def among(spans: Iterable[_Span]) -> Case:
        return Case(
            *(
                When(Q(**{f"{began}__gte": span.start, f"{began}__lt": span.end}), then=Value(getattr(span, what)))
                for span in spans
            ),
            output_field=of,
        )

    return Case(*(When(timezone__in=names, then=among(spans)) for spans, names in zones.items()), output_field=of)
