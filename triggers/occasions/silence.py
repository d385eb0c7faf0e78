"""Silence: a customer has not ordered, or not come by, for some days."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final, Literal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Event, Order
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import NO_ORDER, Brings, OccasionKind, Window, anchored, later

_FRESH: Final = timedelta(days=7)


class SilenceRule(MomentRule):
    """What has not happened for how many days; `visit` is the name of the event that is a visit."""

    lacking: Literal["order", "visit"] = Field(default="order", title=gettext_noop("what has not come"))
    days: int = Field(default=90, ge=1, le=3650, title=gettext_noop("for how many days"))
    visit: str = Field(
        default="page_view",
        min_length=1,
        max_length=100,
        title=gettext_noop("name of the event that is a visit"),
        description=gettext_noop("Only where no visit counts."),
    )


class Silence(OccasionKind):
    """Key `away:<id of the last order or visit>`, due when the days are over, fresh for 7 more; gone when the customer
    comes back."""

    name = "silence"
    label = gettext_lazy("silence")
    rule_model = SilenceRule
    customer_path = "customer__"
    longest_fresh = _FRESH

    def about_order_by(self, rule: MomentRule, /) -> bool:
        """See MomentKind: the last order."""
        assert isinstance(rule, SilenceRule)
        return rule.lacking == "order"

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, SilenceRule)
        return {Fact.ORDER if rule.lacking == "order" else Fact.EVENT: timedelta(days=rule.days)}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "When a customer has not ordered for 90 days"."""
        assert isinstance(rule, SilenceRule)
        if rule.lacking == "order":
            text = ngettext(
                "When a customer has not ordered for %(days)d day",
                "When a customer has not ordered for %(days)d days",
                rule.days,
            )
        else:
            text = ngettext(
                "When a customer has not come by for %(days)d day",
                "When a customer has not come by for %(days)d days",
                rule.days,
            )
        return text % {"days": rule.days}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = SilenceRule.model_validate(campaign.moment.rule)
        delay = timedelta(days=rule.days)
        last = anchored(campaign, window, delay)
        facts, when = _facts(rule)
        reached: QuerySet[Any, Any] = facts.filter(
            self.among(campaign, customers),
            ~Exists(_since(facts, when, window)),
            customer__isnull=False,
            **{f"{when}__gt": last.after, f"{when}__lte": last.until},
        ).annotate(
            key=Concat(Value("away:"), F("external_id")),
            due_at=later(when, delay),
            fresh_until=later(when, delay + _FRESH),
            order_id=F("pk") if rule.lacking == "order" else NO_ORDER,
        )
        return reached


def _facts(rule: SilenceRule) -> tuple[QuerySet[Any, Any], str]:
    """Return what a customer present does, and the field that says when."""
    if rule.lacking == "order":
        return Order.objects.filter(valid=True), "placed_at"
    return Event.objects.filter(name=rule.visit), "occurred_at"


def _since(facts: QuerySet[Any, Any], when: str, window: Window) -> QuerySet[Any, Any]:
    """Return the facts by which a customer came back. Of two at one instant the first stored stays the last one."""
    after = Q(**{f"{when}__gt": OuterRef(when)}) | Q(pk__lt=OuterRef("pk"))
    bounds = {f"{when}__gte": OuterRef(when), f"{when}__lte": window.until}
    return facts.filter(after, customer=OuterRef("customer"), **bounds).order_by()
