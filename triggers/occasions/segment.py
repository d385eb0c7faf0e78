"""Segments: a customer enters an audience in which they were not before."""

from collections.abc import Collection
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from campaigns.audience import audience_faults, audience_sentence
from campaigns.models import Campaign
from campaigns.moment_kinds import MomentRule
from triggers.models import SegmentEntry
from triggers.occasions.kind import FRESH_HOURS, NO_ORDER, OccasionKind, Window, later, launch_of


class SegmentRule(MomentRule):
    """The audience that a customer enters, as a tree of conditions."""

    audience: dict[str, Any] = Field(
        title=gettext_noop("the audience that is entered"),
        description=gettext_noop("Who is in it when the campaign starts has not entered it."),
    )

    @field_validator("audience")
    @classmethod
    def _sound(cls, tree: dict[str, Any]) -> dict[str, Any]:
        if not tree:
            raise PydanticCustomError("no_audience", _("Name at least one condition: everybody cannot be entered."))
        if faults := audience_faults(tree):
            raise PydanticCustomError("audience", "; ".join(f"{fault.path}: {fault.message}" for fault in faults))
        return tree


class Segment(OccasionKind):
    """Key `segment:<how manieth entry>`, due at the entry, fresh for 72 hours; gone when the customer leaves again.

    triggers/entries.py keeps the ledger of entries: at once for customers whom a fact touched, hourly for the rest.
    """

    name = "segment"
    label = gettext_lazy("segment entered")
    rule_model = SegmentRule
    customer_path = "customer__"
    longest_fresh = FRESH_HOURS

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "As soon as a customer has at least 100 points"."""
        assert isinstance(rule, SegmentRule)
        return _("As soon as a customer %(audience)s") % {"audience": audience_sentence(rule.audience)}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        entered = window.starting(launch_of(campaign))
        return SegmentEntry.objects.filter(
            self.among(campaign, customers),
            Q(left_at__isnull=True) | Q(left_at__gt=window.until),
            campaign=campaign,
            entered_at__gt=entered.after,
            entered_at__lte=entered.until,
        ).annotate(
            key=Concat(Value("segment:"), Cast("number", CharField())),
            due_at=F("entered_at"),
            fresh_until=later("entered_at", FRESH_HOURS),
            order_id=NO_ORDER,
        )
