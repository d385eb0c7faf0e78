"""After a purchase: some time after an order was placed, shipped or delivered."""

from collections.abc import Collection
from typing import Any, Literal

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Order
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import FRESH_HOURS, Brings, OccasionKind, Window, anchored, delay_of, kept, later
from triggers.occasions.words import after_words


class PostPurchaseRule(MomentRule):
    """How long to wait after which step of an order."""

    anchor: Literal["placed", "shipped", "delivered"] = "delivered"
    delay_days: int = Field(default=0, ge=0, le=365)
    delay_hours: int = Field(default=0, ge=0, le=24 * 31)


class PostPurchase(OccasionKind):
    """Key `order:<shop's id>`, due at the anchor plus the delay, fresh for 72 hours; cancelled and fully refunded
    orders earn nothing."""

    name = "post_purchase"
    label = gettext_lazy("after a purchase")
    rule_model = PostPurchaseRule
    customer_path = "customer__"
    longest_fresh = FRESH_HOURS

    def about_order_by(self, _rule: MomentRule, /) -> bool:
        """See MomentKind."""
        return True

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, PostPurchaseRule)
        return {Fact.ORDER: delay_of(rule)}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "3 days after an order is delivered"."""
        assert isinstance(rule, PostPurchaseRule)
        order = {
            "placed": _("an order is placed"),
            "shipped": _("an order is shipped"),
            "delivered": _("an order is delivered"),
        }[rule.anchor]
        return after_words(order, rule.delay_days, rule.delay_hours)

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = PostPurchaseRule.model_validate(campaign.moment.rule)
        anchor = f"{rule.anchor}_at"
        since = anchored(campaign, window, delay_of(rule))
        return Order.objects.filter(
            self.among(campaign, customers),
            kept(),
            **{f"{anchor}__gt": since.after, f"{anchor}__lte": since.until},
        ).annotate(
            key=Concat(Value("order:"), F("external_id")),
            due_at=later(anchor, delay_of(rule)),
            fresh_until=later(anchor, delay_of(rule) + FRESH_HOURS),
            order_id=F("pk"),
        )
