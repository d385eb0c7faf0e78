"""A day of the calendar: the same fixed date for a whole audience, at each customer's own hour."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Customer, Shop
from campaigns.moment_kinds import MomentRule, parse_rule
from triggers import local_time
from triggers.occasions.kind import AT_ONCE, NO_ORDER, Brings, OccasionKind, Window
from triggers.occasions.local_days import by_zone, local_days


class CalendarRule(MomentRule):
    """The date, once or every year; `send_hour` on the customer's wall clock."""

    day: date = Field(title=gettext_noop("date"))
    every_year: bool = Field(default=False, title=gettext_noop("every year"))
    send_hour: int = Field(default=9, ge=0, le=23)

    def falls_on(self, day: date) -> bool:
        """Return whether `day` is the date, or its anniversary where it comes round; 29 February every fourth year."""
        comes_round = self.every_year and day > self.day
        return day == self.day or (comes_round and (day.month, day.day) == (self.day.month, self.day.day))


class CalendarDay(OccasionKind):
    """Key `calendar:2026-12-06`, due at the send hour, fresh until the end of that day."""

    name = "calendar"
    label = gettext_lazy("day of the calendar")
    rule_model = CalendarRule
    customer_path = ""
    longest_fresh = timedelta(hours=26)
    counts_permitted_time = False
    longest_window = timedelta(days=300)
    asks_everybody_every = timedelta(minutes=15)

    def brought_by(self, _rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        return {Fact.CUSTOMER: AT_ONCE}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "On 6 December 2026, at 9:00 local time"."""
        assert isinstance(rule, CalendarRule)
        hour = f"{rule.send_hour}:00"
        if rule.every_year:
            day = date_format(rule.day, "MONTH_DAY_FORMAT")
            return _("Every year on %(day)s, at %(hour)s local time") % {"day": day, "hour": hour}
        return _("On %(day)s, at %(hour)s local time") % {"day": date_format(rule.day), "hour": hour}

    def only_dues(self, campaign: Campaign, /) -> list[tuple[datetime, datetime]] | None:
        """See OccasionKind."""
        rule, shop = parse_rule(self.name, campaign.moment.rule), Shop.get()
        assert isinstance(rule, CalendarRule)
        if rule.every_year:
            return None
        zone = local_time.zone_of("", shop)
        return [(local_time.instant(rule.day, time(rule.send_hour), zone), local_time.day_end(rule.day, zone))]

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind; raises ValueError for a window of more than 300 days."""
        self.refuse_long(window)
        rule = CalendarRule.model_validate(campaign.moment.rule)
        due: dict[datetime, list[str]] = defaultdict(list)
        end: dict[datetime, list[str]] = defaultdict(list)
        keys: dict[date, list[str]] = defaultdict(list)
        for local in local_days(campaign, window, rule.send_hour, Shop.get()):
            if rule.falls_on(local.day):
                due[local.due].append(local.name)
                end[local.end()].append(local.name)
                keys[local.day].append(local.name)
        zones = [name for names in due.values() for name in names]
        reached = Q(timezone__in=zones) if zones else Q(pk__in=[])
        days = (When(timezone__in=names, then=Value(f"calendar:{day}")) for day, names in keys.items())
        return Customer.objects.filter(reached, self.among(campaign, customers)).annotate(
            customer_id=F("pk"),
            key=Case(*days, output_field=CharField()),
            due_at=by_zone(due),
            fresh_until=by_zone(end),
            order_id=NO_ORDER,
        )
