"""What customers answered to "would you recommend us?": each respondent's latest answer counts."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q

from analytics.facts.contacts import ARMS, contacts, mature_before
from analytics.facts.windows import Period, civil_shift, shifted
from analytics.kernel import Scores
from campaigns.models import Answer, Campaign

SURVEY: Final = "nps"
_BANDS: Final = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}


def arm_scores(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period) -> dict[str, Scores]:
    """Return both arms' latest answers given within their windows, of contacts whose window is over at `now`."""
    later = Answer.objects.filter(
        customer=OuterRef("customer"), survey=SURVEY, answered_at__lt=OuterRef("window_end")
    ).filter(
        Q(answered_at__gt=OuterRef("answer__answered_at"))
        | Q(answered_at=OuterRef("answer__answered_at"), pk__gt=OuterRef("answer__pk"))
    )
    row = (
        contacts(campaign)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(
            window_end=shifted("slot_at", campaign.attribution_days, anchors, zone),
            answer=FilteredRelation(
                "customer__answers",
                condition=Q(
                    customer__answers__answered_at__gte=anchors.since,
                    customer__answers__answered_at__lt=civil_shift(anchors.until, campaign.attribution_days, zone),
                )
                & Q(
                    customer__answers__survey=SURVEY,
                    customer__answers__answered_at__gte=F("slot_at"),
                    customer__answers__answered_at__lt=F("window_end"),
                ),
            ),
        )
        # One filter(): a second one would join a second answer.
        .filter(~Exists(later), answer__isnull=False)
        .aggregate(
            **{
                f"{arm}_{band}": Count("pk", filter=Q(decision=decision, answer__score__range=scores))
                for arm, decision in ARMS.items()
                for band, scores in _BANDS.items()
            }
        )
    )
    return {arm: Scores(**{band: row[f"{arm}_{band}"] for band in _BANDS}) for arm in ARMS}


def period_scores(period: Period) -> Scores:
    """Return the shop's latest answer a respondent of one period."""
    inside = Answer.objects.filter(period.within("answered_at"), survey=SURVEY)
    later = inside.filter(customer=OuterRef("customer")).filter(
        Q(answered_at__gt=OuterRef("answered_at")) | Q(answered_at=OuterRef("answered_at"), pk__gt=OuterRef("pk"))
    )
    row = inside.filter(~Exists(later)).aggregate(
        **{band: Count("pk", filter=Q(score__range=scores)) for band, scores in _BANDS.items()}
    )
    return Scores(**row)
