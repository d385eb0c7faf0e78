"""Birthdays: the customer's civil date comes round in their own zone."""

import calendar
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Case, CharField, DateTimeField, F, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Customer, Shop
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import AT_ONCE, NO_ORDER, Brings, OccasionKind, Window
from triggers.occasions.local_days import by_zone, local_days

_LEAP_DAY: Final = 229


class BirthdayRule(MomentRule):
    """`offset_days` before (negative) or after the birthday; `send_hour` on the customer's wall clock."""

    offset_days: int = Field(default=0, ge=-60, le=60)
    send_hour: int = Field(default=9, ge=0, le=23)


# The zones in which one celebrated date falls due, by (due_at, fresh_until).
_Instants = dict[tuple[datetime, datetime], list[str]]


class Birthday(OccasionKind):
    """Key `birthday:<year celebrated>`, due at the send hour, fresh until the end of the next local day."""

    name = "birthday"
    label = gettext_lazy("birthday")
    rule_model = BirthdayRule
    customer_path = ""
    longest_fresh = timedelta(days=3)
    # A customer has one birthday a year, so one row of the query can stand for it.
    longest_window = timedelta(days=300)
    counts_permitted_time = False

    def brought_by(self, _rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        return {Fact.CUSTOMER: AT_ONCE}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "On the birthday, at 9:00 local time"."""
        assert isinstance(rule, BirthdayRule)
        hour, days = f"{rule.send_hour}:00", abs(rule.offset_days)
        if not days:
            return _("On the birthday, at %(hour)s local time") % {"hour": hour}
        if rule.offset_days < 0:
            text = ngettext(
                "%(days)d day before the birthday, at %(hour)s local time",
                "%(days)d days before the birthday, at %(hour)s local time",
                days,
            )
        else:
            text = ngettext(
                "%(days)d day after the birthday, at %(hour)s local time",
                "%(days)d days after the birthday, at %(hour)s local time",
                days,
            )
        return text % {"days": days, "hour": hour}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind; raises ValueError for a window of more than 300 days."""
        self.refuse_long(window)
        shop = Shop.get()
        rule = BirthdayRule.model_validate(campaign.moment.rule)
        reached, due_at, fresh_until, years = Q(pk__in=[]), [], [], []
        for birthday, instants in _celebrated(rule, campaign, window, shop):
            born = Q(birth_day__in=_birth_days(birthday, shop))
            zones = [name for names in instants.values() for name in names]
            reached |= born & Q(timezone__in=zones) & _not_just_changed(birthday, shop)
            due_at.append(When(born, then=by_zone({due: names for (due, _end), names in instants.items()})))
            fresh_until.append(When(born, then=by_zone({end: names for (_due, end), names in instants.items()})))
            years.append(When(born, then=Value(f"birthday:{birthday.year}")))
        return Customer.objects.filter(reached, self.among(campaign, customers)).annotate(
            customer_id=F("pk"),
            key=Case(*years, output_field=CharField()),
            due_at=Case(*due_at, output_field=DateTimeField()),
            fresh_until=Case(*fresh_until, output_field=DateTimeField()),
            order_id=NO_ORDER,
        )


def _celebrated(rule: BirthdayRule, campaign: Campaign, window: Window, shop: Shop) -> Iterator[tuple[date, _Instants]]:
    """Yield each date whose birthdays fall due within `window` somewhere, with its instants and their zones."""
    dates: dict[date, _Instants] = defaultdict(lambda: defaultdict(list))
    for local in local_days(campaign, window, rule.send_hour, shop):
        dates[local.day - timedelta(days=rule.offset_days)][local.due, local.end(1)].append(local.name)
    yield from dates.items()


def _birth_days(birthday: date, shop: Shop) -> list[int]:
    """Return which `Customer.birth_day`s are celebrated on a date: a leap day on the shop's day in common years."""
    born = [birthday.month * 100 + birthday.day]
    stands_for_leap_day = f"{birthday:%m-%d}" == shop.leap_day and not calendar.isleap(birthday.year)
    return [*born, _LEAP_DAY] if stands_for_leap_day else born


def _not_just_changed(birthday: date, shop: Shop) -> Q:
    """Return the condition that nobody moved their birthday to this date to be given something sooner."""
    last_day = birthday - timedelta(days=shop.birth_date_lock_days)
    return Q(birth_date_changed_on__isnull=True) | Q(birth_date_changed_on__lte=last_day)
