"""Tiers: a customer first reaches a step of the loyalty programme."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field

from campaigns.bell import Fact
from campaigns.models import Campaign, Tier, TierReach
from campaigns.moment_kinds import MomentRule
from triggers.occasions.kind import FRESH_HOURS, NO_ORDER, OccasionKind, Window, anchored, later


class TierRule(MomentRule):
    """The tiers that count, by their keys (none: any tier), and how long to wait after one is reached."""

    tiers: tuple[str, ...] = ()
    delay_hours: int = Field(default=0, ge=0, le=24 * 365)


class TierReached(OccasionKind):
    """Key `tier:<slug>`, due at the reach plus the delay, fresh for 72 hours; of several at once the highest."""

    name = "tier"
    label = gettext_lazy("loyalty tier reached")
    rule_model = TierRule
    customer_path = "customer__"
    longest_fresh = FRESH_HOURS

    def brought_by(self, _rule: MomentRule, /) -> Collection[Fact]:
        """See OccasionKind."""
        return (Fact.CUSTOMER, Fact.ORDER)

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "When a customer first reaches gold or silver, 2 hours later"."""
        assert isinstance(rule, TierRule)
        tiers = _(" or ").join(rule.tiers) or _("any tier")
        if not rule.delay_hours:
            return _("When a customer first reaches %(tiers)s") % {"tiers": tiers}
        text = ngettext(
            "When a customer first reaches %(tiers)s, %(hours)d hour later",
            "When a customer first reaches %(tiers)s, %(hours)d hours later",
            rule.delay_hours,
        )
        return text % {"tiers": tiers, "hours": rule.delay_hours}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = TierRule.model_validate(campaign.moment.rule)
        delay = timedelta(hours=rule.delay_hours)
        reached = anchored(campaign, window, delay)
        # Named one by one even where all count: the index on (tier, reached_at) then answers for each.
        tiers = Tier.objects.filter(slug__in=rule.tiers) if rule.tiers else Tier.objects.all()
        return TierReach.objects.filter(
            self.among(campaign, customers),
            highest=True,
            tier__in=list(tiers.values_list("pk", flat=True)),
            reached_at__gt=reached.after,
            reached_at__lte=reached.until,
        ).annotate(
            key=Concat(Value("tier:"), F("tier__slug"), output_field=CharField()),
            due_at=later("reached_at", delay),
            fresh_until=later("reached_at", delay + FRESH_HOURS),
            order_id=NO_ORDER,
        )
