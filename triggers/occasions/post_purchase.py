"""After a purchase: some time after an order was placed, shipped or delivered."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Literal

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field

from campaigns.models import Campaign, Order, OrderStatus
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import FRESH_HOURS, OccasionKind, Window, launch_of


class PostPurchaseRule(MomentRule):
    """How long to wait after which step of an order."""

    anchor: Literal["placed", "shipped", "delivered"] = "delivered"
    delay_days: int = Field(default=0, ge=0, le=365)
    delay_hours: int = Field(default=0, ge=0, le=24 * 31)


class PostPurchase(OccasionKind):
    """Key `order:<shop's id>`, due at the anchor plus the delay, fresh for 72 hours; cancelled and fully refunded
    orders earn nothing."""

    name = "post_purchase"
    about_order = True
    label = gettext_lazy("after a purchase")
    rule_model = PostPurchaseRule
    customer_path = "customer__"
    longest_fresh = FRESH_HOURS

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "3 days after an order is delivered"."""
        assert isinstance(rule, PostPurchaseRule)
        order = {
            "placed": _("an order is placed"),
            "shipped": _("an order is shipped"),
            "delivered": _("an order is delivered"),
        }[rule.anchor]
        days = ngettext("%d day", "%d days", rule.delay_days) % rule.delay_days if rule.delay_days else ""
        hours = ngettext("%d hour", "%d hours", rule.delay_hours) % rule.delay_hours if rule.delay_hours else ""
        delay = _(" and ").join(part for part in (days, hours) if part)
        if not delay:
            return _("As soon as %(order)s") % {"order": order}
        return _("%(delay)s after %(order)s") % {"delay": delay, "order": order}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = PostPurchaseRule.model_validate(campaign.moment.rule)
        delay = timedelta(days=rule.delay_days, hours=rule.delay_hours)
        anchor = f"{rule.anchor}_at"
        anchored = window.starting(launch_of(campaign)).minus(delay)
        return Order.objects.filter(
            self.among(campaign, customers),
            # Something was kept of it: a free order has nothing to refund.
            Q(refunded__lt=F("total")) | Q(total=0),
            ~Q(status=OrderStatus.REFUNDED),
            valid=True,
            **{f"{anchor}__gt": anchored.after, f"{anchor}__lte": anchored.until},
        ).annotate(
            key=Concat(Value("order:"), F("external_id")),
            due_at=ExpressionWrapper(F(anchor) + delay, output_field=DateTimeField()),
            fresh_until=ExpressionWrapper(F(anchor) + (delay + FRESH_HOURS), output_field=DateTimeField()),
            order_id=F("pk"),
        )
