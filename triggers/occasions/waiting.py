"""Waiting: an order is late against its promised date, or a request stays unanswered."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final, Literal

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Event, Order, OrderStatus
from campaigns.models.event import TICKET_OPENED, TICKET_REPLIES
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import AT_ONCE, NO_ORDER, Brings, OccasionKind, Window, anchored, delay_of, later
from triggers.occasions.words import delay_words

_FRESH: Final = timedelta(hours=24)
_ON_ITS_WAY: Final = (OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.SHIPPED)
# Some shops number their tickets, some name them; one that does neither has one ticket a customer.
_TICKET: Final = Coalesce(Cast(KT("properties__ticket"), CharField()), Value(""))


class WaitingRule(MomentRule):
    """For what the customer waits, and how long after the promised instant (or the request) we speak."""

    awaits: Literal["order", "ticket"] = Field(default="order", title=gettext_noop("what the customer waits for"))
    delay_days: int = Field(default=2, ge=0, le=60)
    delay_hours: int = Field(default=0, ge=0, le=24 * 31)


class Waiting(OccasionKind):
    """Key `waiting:order:<shop's id>:2d` or `waiting:ticket:<id of the event>:24h`, due when the wait is that long,
    fresh for 24 hours; gone with the delivery or the answer."""

    name = "waiting"
    label = gettext_lazy("waiting")
    rule_model = WaitingRule
    customer_path = "customer__"
    longest_fresh = _FRESH
    speaks_to_trouble = True

    def about_order_by(self, rule: MomentRule, /) -> bool:
        """See MomentKind."""
        assert isinstance(rule, WaitingRule)
        return rule.awaits == "order"

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, WaitingRule)
        # An order may have been promised for before it was placed.
        return {Fact.ORDER: AT_ONCE} if rule.awaits == "order" else {Fact.EVENT: delay_of(rule)}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "When an order is 2 days late"."""
        assert isinstance(rule, WaitingRule)
        delay = delay_words(rule.delay_days, rule.delay_hours)
        if rule.awaits == "order":
            return _("When an order is %(delay)s late") % {"delay": delay} if delay else _("When an order is late")
        if not delay:
            return _("When a customer asks for help")
        return _("When a request has had no answer for %(delay)s") % {"delay": delay}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = WaitingRule.model_validate(campaign.moment.rule)
        since = anchored(campaign, window, delay_of(rule))
        facts, when = _late(window) if rule.awaits == "order" else _unanswered(window)
        rows: QuerySet[Any, Any] = facts.filter(
            self.among(campaign, customers), **{f"{when}__gt": since.after, f"{when}__lte": since.until}
        )
        reached: QuerySet[Any, Any] = rows.annotate(
            key=Concat(Value(f"waiting:{rule.awaits}:"), F("external_id"), Value(f":{_step(rule)}")),
            due_at=later(when, delay_of(rule)),
            fresh_until=later(when, delay_of(rule) + _FRESH),
            order_id=F("pk") if rule.awaits == "order" else NO_ORDER,
        )
        return reached


def _late(window: Window) -> tuple[QuerySet[Any, Any], str]:
    """Return the orders that were on their way at the window's end, and the field that says since when they wait."""
    not_there = Q(delivered_at__isnull=True, status__in=_ON_ITS_WAY) | Q(delivered_at__gt=window.until)
    return Order.objects.filter(not_there, valid=True), "promised_at"


def _unanswered(window: Window) -> tuple[QuerySet[Any, Any], str]:
    """Return the requests that nobody had answered at the window's end, and the field that says since when."""
    replies = Event.objects.annotate(answers=_TICKET).filter(
        customer=OuterRef("customer"),
        name__in=TICKET_REPLIES,
        occurred_at__gte=OuterRef("occurred_at"),
        occurred_at__lte=window.until,
        answers=OuterRef("ticket"),
    )
    opened = Event.objects.filter(name=TICKET_OPENED, customer__isnull=False).annotate(ticket=_TICKET)
    return opened.filter(~Exists(replies.order_by())), "occurred_at"


def _step(rule: WaitingRule) -> str:
    """Return for example "2d", "24h" or "2d12h"."""
    hours = f"{rule.delay_hours}h" if rule.delay_hours else ""
    return f"{rule.delay_days}d{hours}" if rule.delay_days or not hours else hours
