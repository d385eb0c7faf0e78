"""Departure: a customer unsubscribes, cancels an order, or an event says that they leave."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final, Literal

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Consent, Event, Order, OrderStatus, Suppression
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import AT_ONCE, NO_ORDER, Brings, OccasionKind, Window, anchored, later

_FRESH: Final = timedelta(days=7)


class DepartureRule(MomentRule):
    """What counts as leaving; `event` is the name of the event that says so."""

    leaves: Literal["unsubscribed", "order_cancelled", "event"] = Field(
        default="unsubscribed", title=gettext_noop("what the customer does")
    )
    event: str = Field(
        default="subscription_cancelled",
        min_length=1,
        max_length=100,
        title=gettext_noop("name of the event"),
        description=gettext_noop("Only where an event says that the customer leaves."),
    )


class Departure(OccasionKind):
    """Key `departure:<what>:<id>`, due at once, fresh for 7 days; never after a spam report.

    A channel that the customer left is closed by the guards to this gesture as to any other: another speaks, or none.
    """

    name = "departure"
    label = gettext_lazy("departure")
    rule_model = DepartureRule
    customer_path = "customer__"
    longest_fresh = _FRESH

    def about_order_by(self, rule: MomentRule, /) -> bool:
        """See MomentKind."""
        assert isinstance(rule, DepartureRule)
        return rule.leaves == "order_cancelled"

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, DepartureRule)
        facts = {
            "unsubscribed": (Fact.CUSTOMER, Fact.CONSENT),
            "order_cancelled": (Fact.ORDER,),
            "event": (Fact.EVENT,),
        }[rule.leaves]
        return dict.fromkeys(facts, AT_ONCE)

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "As soon as a customer unsubscribes"."""
        assert isinstance(rule, DepartureRule)
        return {
            "unsubscribed": _("As soon as a customer unsubscribes"),
            "order_cancelled": _("As soon as an order is cancelled"),
            "event": _("As soon as a customer leaves (“%(event)s”)") % {"event": rule.event},
        }[rule.leaves]

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = DepartureRule.model_validate(campaign.moment.rule)
        since = anchored(campaign, window, timedelta(0))
        facts, when = _facts(rule, window)
        word, order_id, fact = {
            "unsubscribed": ("unsubscribed", NO_ORDER, Cast("pk", CharField())),
            "order_cancelled": ("order", F("pk"), F("external_id")),
            "event": ("event", NO_ORDER, F("external_id")),
        }[rule.leaves]
        rows: QuerySet[Any, Any] = facts.filter(
            self.among(campaign, customers),
            ~Exists(_spam_reports()),
            **{f"{when}__gt": since.after, f"{when}__lte": since.until},
        )
        reached: QuerySet[Any, Any] = rows.annotate(
            key=Concat(Value(f"departure:{word}:"), fact, output_field=CharField()),
            due_at=F(when),
            fresh_until=later(when, _FRESH),
            order_id=order_id,
        )
        return reached


def _facts(rule: DepartureRule, window: Window) -> tuple[QuerySet[Any, Any], str]:
    """Return what says that a customer leaves, and the field that says when."""
    if rule.leaves == "unsubscribed":
        return _withdrawals(window), "given_at"
    if rule.leaves == "order_cancelled":
        return Order.objects.filter(status=OrderStatus.CANCELLED, test=False), "updated_at"
    return Event.objects.filter(name=rule.event, customer__isnull=False), "occurred_at"


def _withdrawals(window: Window) -> QuerySet[Any, Any]:
    """Return the refusals that ended a consent which was not given again by the window's end.

    The shop that sends "no" every night says nothing new: only a "no" whose last word before it was "yes" counts.
    """
    words = Consent.objects.filter(
        customer=OuterRef("customer"), channel=OuterRef("channel"), purpose=OuterRef("purpose")
    ).order_by()
    between = Consent.objects.filter(
        customer=OuterRef("customer"),
        channel=OuterRef("channel"),
        purpose=OuterRef("purpose"),
        granted=False,
        given_at__gte=OuterRef("given_at"),
        given_at__lt=OuterRef(OuterRef("given_at")),
    ).order_by()
    agreed = words.filter(~Exists(between), granted=True, given_at__lt=OuterRef("given_at"))
    came_back = words.filter(granted=True, given_at__gt=OuterRef("given_at"), given_at__lte=window.until)
    return Consent.objects.filter(Exists(agreed), ~Exists(came_back), granted=False)


def _spam_reports() -> QuerySet[Any, Any]:
    mine = Q(channel="email", address_key=OuterRef("customer__email_key")) | Q(
        channel="sms", address_key=OuterRef("customer__phone_key")
    )
    return Suppression.objects.filter(mine, reason=Suppression.Reason.COMPLAINED).order_by()
