"""Today's page: what is live, what went out, what needs a person, and the first steps of an empty shop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.models import ApiKey, Campaign, Customer, GestureTemplate, JourneyMoment, Sender, Shop
from triggers.admin.concerns import paused_campaigns, waiting
from triggers.models import Circuit, Decision, Delivery, Epoch, Heartbeat, Occasion, State

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# A beat that has been silent this long is worth a word: planning runs every minute.
SILENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Step:
    """One of the first steps: what to do, why, where, and whether it is done."""

    title: "StrPromise"
    why: "StrPromise"
    url: str
    done: bool


def first_steps(shop: Shop) -> list[Step]:
    """Return the steps from nothing to a first gesture sent, each with whether it is done."""
    url = reverse
    return [
        Step(
            _("Introduce your shop"),
            _("Its name, its language, and in whose name it writes."),
            url("admin:campaigns_shop_change", args=(1,)),
            Sender.objects.filter(shop=shop).exists(),
        ),
        Step(
            _("Connect it"),
            _("An API key lets your shop send customers, orders and events."),
            url("admin:campaigns_apikey_changelist"),
            ApiKey.objects.exists() and Customer.objects.exists(),
        ),
        Step(
            _("Choose a moment"),
            _("A birthday, a tier reached, a few days after a delivery: when would a small gesture do good?"),
            url("admin:campaigns_journeymoment_add"),
            JourneyMoment.objects.exists(),
        ),
        Step(
            _("Write a gesture"),
            _("A few sincere words, by e-mail or SMS, in each language."),
            url("admin:campaigns_gesturetemplate_add"),
            GestureTemplate.objects.exists(),
        ),
        Step(
            _("Build a campaign"),
            _("Moment and gesture come together; a control group will tell whether it worked."),
            url("admin:campaigns_campaign_add"),
            Campaign.objects.exists(),
        ),
        Step(
            _("Launch it"),
            _("Preview it on a real customer, have it approved, and let it run."),
            url("admin:campaigns_campaign_changelist"),
            Campaign.objects.filter(launched_at__isnull=False).exists(),
        ),
    ]


def _figures(now: datetime, shop: Shop) -> dict[str, int]:
    midnight = now.astimezone(ZoneInfo(shop.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    week = midnight - timedelta(days=6)
    return Delivery.objects.aggregate(
        today=Count("pk", filter=Q(permitted_at__gte=midnight)),
        week=Count("pk", filter=Q(permitted_at__gte=week)),
        waiting=Count("pk", filter=Q(state=State.PLANNED)),
    )


def _silent_jobs(real_now: datetime) -> list[str]:
    """Return the periodic jobs that once ran and have been silent for too long."""
    return list(Heartbeat.objects.filter(finished_at__lt=real_now - SILENCE).values_list("name", flat=True))


def today(now: datetime, *, real_now: datetime) -> dict[str, Any]:
    """Return the context of the page: figures, concerns, running campaigns, the latest occasions and messages."""
    shop = Shop.get()
    counts, concerns, paused = _figures(now, shop), waiting(now), paused_campaigns()
    held = Epoch.objects.filter(held_at__isnull=False).exists()
    steps = first_steps(shop)
    running = Campaign.objects.filter(status__in=Campaign.PLANNING).select_related("moment", "gesture")
    week = now - timedelta(days=7)
    recent = {
        row["campaign"]: row
        for row in Occasion.objects.filter(decided_at__gte=week, campaign__status__in=Campaign.PLANNING)
        .order_by()
        .values("campaign")
        .annotate(
            due=Count("pk", filter=Q(decision=Decision.DUE)),
            held_out=Count("pk", filter=Q(decision=Decision.HELD_OUT)),
            skipped=Count("pk", filter=Q(decision=Decision.SKIPPED)),
        )
    }
    return {
        "counts": counts,
        "concerns": concerns,
        "silent_jobs": _silent_jobs(real_now),
        "circuits": Circuit.objects.filter(open_until__isnull=False),
        "held": held,
        "paused": paused,
        "all_well": not (concerns or paused or held or shop.sending_stopped or shop.stopped_channels),
        "steps": steps,
        "show_steps": not all(step.done for step in steps),
        "running": [{"campaign": campaign, "week": recent.get(campaign.pk)} for campaign in running],
        "customers": Customer.objects.count(),
        "occasions": Occasion.objects.select_related("campaign", "customer").order_by("-pk")[:8],
        "deliveries": Delivery.objects.select_related("campaign", "customer")
        .filter(permitted_at__isnull=False)
        .order_by("-pk")[:8],
    }
