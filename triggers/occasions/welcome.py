"""Welcome: a customer signs up, or orders for the first time."""

from collections.abc import Collection
from typing import Any, Literal

from django.db.models import F, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Customer
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import (
    AT_ONCE,
    FRESH_HOURS,
    NO_ORDER,
    Brings,
    OccasionKind,
    Window,
    anchored,
    delay_of,
    later,
)
from triggers.occasions.words import after_words


class WelcomeRule(MomentRule):
    """What begins the relation, and how long to wait after it."""

    begins: Literal["signed_up", "first_order"] = "signed_up"
    delay_days: int = Field(default=0, ge=0, le=365)
    delay_hours: int = Field(default=0, ge=0, le=24 * 31)


class Welcome(OccasionKind):
    """Key `welcome`, once a customer; due at the sign-up or first order plus the delay, fresh for 72 hours."""

    name = "welcome"
    label = gettext_lazy("welcome")
    rule_model = WelcomeRule
    customer_path = ""
    longest_fresh = FRESH_HOURS

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, WelcomeRule)
        return {Fact.CUSTOMER: AT_ONCE} | ({} if rule.begins == "signed_up" else {Fact.ORDER: delay_of(rule)})

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "2 hours after a customer signs up"."""
        assert isinstance(rule, WelcomeRule)
        begins = {
            "signed_up": _("a customer signs up"),
            "first_order": _("a customer orders for the first time"),
        }[rule.begins]
        return after_words(begins, rule.delay_days, rule.delay_hours)

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = WelcomeRule.model_validate(campaign.moment.rule)
        begins, began = f"{rule.begins}_at", anchored(campaign, window, delay_of(rule))
        return Customer.objects.filter(
            self.among(campaign, customers), **{f"{begins}__gt": began.after, f"{begins}__lte": began.until}
        ).annotate(
            customer_id=F("pk"),
            key=Value("welcome"),
            due_at=later(begins, delay_of(rule)),
            fresh_until=later(begins, delay_of(rule) + FRESH_HOURS),
            order_id=NO_ORDER,
        )
