"""What customers answered to "would you recommend us?": each respondent's latest answer counts."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q

from analytics.facts.contacts import ARMS, Assignment, contacts, mature_before
from analytics.facts.windows import Period, civil_shift, shifted
from analytics.kernel import Scores
from campaigns.models import Answer, Campaign

SURVEY: Final = "nps"
_BANDS: Final = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}


# The end of a window is computed once a contact: on SQLite it is a Python function, far too slow to ask a join.
_LATEST: Final = """
WITH contact AS MATERIALIZED ({contacts}),
told AS (
    SELECT contact.decision, answer.score,
        ROW_NUMBER() OVER (PARTITION BY contact.id ORDER BY answer.answered_at DESC, answer.id DESC) AS place
    FROM contact JOIN campaigns_answer answer ON answer.customer_id = contact.customer_id AND answer.survey = %s
        AND answer.answered_at >= contact.slot_at AND answer.answered_at < contact.window_end
)
SELECT decision, {bands} FROM told WHERE place = 1 GROUP BY decision
"""


def arm_scores(campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment) -> dict[str, Scores]:
    """Return both arms' latest answers given within their windows, of contacts whose window is over at `now`."""
    anchors = assigned.span
    span = Period(since=anchors.since, until=civil_shift(anchors.until, campaign.attribution_days, zone))
    answered = Answer.objects.filter(span.within("answered_at"), survey=SURVEY).values("customer")
    mature = (
        contacts(campaign, once=assigned.once)
        # Implied by the join, but few contacts answer: so only theirs are looked at.
        .filter(customer__in=answered)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(window_end=shifted("slot_at", campaign.attribution_days, anchors, zone))
        .values("id", "customer_id", "decision", "slot_at", "window_end")
    )
    sql, values = mature.query.sql_with_params()
    bands = ", ".join(f"COUNT(CASE WHEN score BETWEEN {low} AND {high} THEN 1 END)" for low, high in _BANDS.values())
    with connection.cursor() as cursor:
        cursor.execute(_LATEST.format(contacts=sql, bands=bands), [*values, SURVEY])
        rows = {decision: dict(zip(_BANDS, counts, strict=True)) for decision, *counts in cursor.fetchall()}
    nobody = dict.fromkeys(_BANDS, 0)
    return {arm: Scores(**rows.get(decision, nobody)) for arm, decision in ARMS.items()}


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
