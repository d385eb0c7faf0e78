"""Tiers: a customer first reaches a step of the loyalty programme."""

from collections.abc import Collection
from typing import Any, Final, Literal

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Tier, TierReach
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
    kept,
    later,
)
from triggers.occasions.words import delay_words

# What the key of a tier that can be reached each year says of the year.
_YEAR: Final = Case(
    When(year=0, then=Value("")),
    default=Concat(Value(":"), Cast("year", CharField())),
    output_field=CharField(),
)


class TierRule(MomentRule):
    """The tiers that count, by their keys (none: any tier), and how long to wait after which instant.

    Days after the delivery leave room for the return window; a tier reached by points has no order to wait for.
    """

    tiers: tuple[str, ...] = ()
    after: Literal["reached", "order_delivered"] = Field(
        default="reached",
        title=gettext_noop("counted from the instant"),
        description=gettext_noop("After the delivery and the days of the return window, the tier is safe."),
    )
    delay_days: int = Field(default=0, ge=0, le=365)
    delay_hours: int = Field(default=0, ge=0, le=24 * 365)


class TierReached(OccasionKind):
    """Key `tier:<slug>`, of a tier counted over 12 months `tier:<slug>:<year>`; of several at once the highest.

    Due at the reach, or the delivery of the order that brought it, plus the delay; fresh for 72 hours. An order that
    was sent back, refunded or cancelled before its delivery counted brings nothing.
    """

    name = "tier"
    label = gettext_lazy("loyalty tier reached")
    rule_model = TierRule
    customer_path = "customer__"
    longest_fresh = FRESH_HOURS

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, TierRule)
        return {Fact.CUSTOMER: AT_ONCE, Fact.ORDER: delay_of(rule)}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "2 hours after a customer first reaches gold or silver"."""
        assert isinstance(rule, TierRule)
        tiers = _(" or ").join(rule.tiers) or _("any tier")
        delay = delay_words(rule.delay_days, rule.delay_hours)
        if rule.after == "order_delivered":
            if not delay:
                return _("When the order by which a customer first reaches %(tiers)s is delivered") % {"tiers": tiers}
            text = _("%(delay)s after the delivery of the order by which a customer first reaches %(tiers)s")
            return text % {"delay": delay, "tiers": tiers}
        if not delay:
            return _("When a customer first reaches %(tiers)s") % {"tiers": tiers}
        return _("%(delay)s after a customer first reaches %(tiers)s") % {"delay": delay, "tiers": tiers}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = TierRule.model_validate(campaign.moment.rule)
        since = anchored(campaign, window, delay_of(rule))
        when = "reached_at" if rule.after == "reached" else "brought_by__delivered_at"
        still_earned = Q() if rule.after == "reached" else kept("brought_by__")
        counted = Q(tier__slug__in=rule.tiers) if rule.tiers else Q()
        if customers is None:
            # Named one by one even where all count: the index on (tier, reached_at) then answers for each.
            tiers = Tier.objects.filter(slug__in=rule.tiers) if rule.tiers else Tier.objects.all()
            counted = Q(tier__in=list(tiers.values_list("pk", flat=True)))
        return TierReach.objects.filter(
            self.among(campaign, customers),
            still_earned,
            counted,
            highest=True,
            **{f"{when}__gt": since.after, f"{when}__lte": since.until},
        ).annotate(
            key=Concat(Value("tier:"), F("tier__slug"), _YEAR, output_field=CharField()),
            due_at=later(when, delay_of(rule)),
            fresh_until=later(when, delay_of(rule) + FRESH_HOURS),
            order_id=NO_ORDER,
        )
