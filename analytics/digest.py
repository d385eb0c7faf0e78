"""The weekly digest by e-mail: what went out, what is proven, what got worse; once a week to whoever asked for it."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from analytics.bilan import bilan_figures, bilan_words
from analytics.facts.deeds import ORDER
from analytics.facts.windows import Period, day_start
from analytics.formats import day
from analytics.funnel import WEEKS, funnel_figures
from analytics.funnel_words import funnel_words
from analytics.goals import labels
from analytics.models import DigestReader, DigestSent, Report
from analytics.report import described
from campaigns.models import Answer, Campaign, Order, Shop
from triggers.models import MAY_HAVE_SPOKEN, Decision, Delivery, Occasion

type Figures = dict[str, Any]

# Sent on Mondays from this hour of the shop's zone on; who was missed (a stop, a full mailbox) gets it later that week.
HOUR: Final = 8
MOST_CAMPAIGNS: Final = 10


def week_of(now: datetime) -> date | None:
    """Return the Monday whose digest is due at `now`: that of this week, None before its hour."""
    local = now.astimezone(ZoneInfo(Shop.get().timezone))
    monday = local.date() - timedelta(days=local.weekday())
    return None if local.weekday() == 0 and local.hour < HOUR else monday


def send_digests(now: datetime) -> int:
    """Send the digest of last week to everybody who has not had it; returns how many.

    The row that says "had it" is stored first and taken back where the mail server refuses: a crash between the two
    loses one digest, and nothing sends one twice. Raises what the mail server raised, after the others were tried.
    """
    monday = week_of(now)
    if monday is None:
        return 0
    sent, failure = 0, None
    had = DigestSent.objects.filter(week=monday).values("reader")
    readers = DigestReader.objects.filter(user__is_active=True, user__is_staff=True).exclude(user__email="")
    for reader in readers.exclude(pk__in=had).select_related("user"):
        row, created = DigestSent.objects.get_or_create(reader=reader, week=monday, defaults={"sent_at": now})
        if not created:
            continue
        try:
            digest_mail(reader, monday, now).send()
        except OSError as error:
            row.delete()
            failure = error
            continue
        sent += 1
    if failure is not None:
        raise failure
    return sent


def digest_mail(reader: DigestReader, monday: date, now: datetime) -> EmailMultiAlternatives:
    """Return the mail to one reader about the week before `monday`, in their language."""
    shop = Shop.get()
    sender = shop.senders.filter(language=shop.language).first() or shop.senders.first()
    with translation.override(reader.language), timezone.override(ZoneInfo(shop.timezone)):
        figures = digest_figures(monday, now)
        context = figures | {"shop": shop, "language": reader.language, "leave_url": _address("analytics:digest")}
        mail = EmailMultiAlternatives(
            subject=_("%(shop)s: the week from %(day)s") % {"shop": shop.name, "day": figures["since"]},
            body=render_to_string("analytics/digest.txt", context),
            from_email=f"{sender.email_name} <{sender.email_address}>" if sender else settings.DEFAULT_FROM_EMAIL,
            to=[reader.user.email],
        )
        mail.attach_alternative(render_to_string("analytics/digest_mail.html", context), "text/html")
    return mail


def digest_figures(monday: date, now: datetime) -> Figures:
    """Return what the digest of the week before `monday` says, in the active language."""
    zone = ZoneInfo(Shop.get().timezone)
    week = Period(since=day_start(monday - timedelta(days=7), zone), until=day_start(monday, zone))
    sent = Delivery.objects.filter(week.within("permitted_at"), state__in=MAY_HAVE_SPOKEN)
    decided = Occasion.objects.filter(week.within("slot_at")).aggregate(
        held_out=Count("pk", filter=Q(decision=Decision.HELD_OUT)),
        skipped=Count("pk", filter=Q(decision=Decision.SKIPPED)),
    )
    funnel = funnel_words(funnel_figures(ORDER, WEEKS[1], now), labels())
    bilan = bilan_words(bilan_figures("", now))
    return {
        "since": day(week.since.isoformat(), zone),
        "sent": sent.count(),
        "people": sent.values("customer").distinct().count(),
        **decided,
        "orders": Order.objects.filter(week.within("placed_at"), valid=True).count(),
        "answers": Answer.objects.filter(week.within("answered_at")).count(),
        "programme": f"{bilan['sentence']} {bilan['honest']}",
        "campaigns": _verdicts(),
        "friction": [row["sentence"] for row in funnel["friction"] if row["worse"]],
        "address": _address("analytics:bilan"),
    }


def _verdicts() -> list[Figures]:
    """Return the running campaigns with their verdicts as last measured."""
    rows = Report.objects.filter(campaign__status=Campaign.Status.LIVE).select_related("campaign", "campaign__moment")
    return [
        {
            "name": row.campaign.name,
            "sentence": described(row.content, row.campaign)["verdict"]["sentence"],
            "address": _address("analytics:report", row.campaign.slug),
        }
        for row in rows.order_by("-campaign__launched_at")[:MOST_CAMPAIGNS]
    ]


def _address(name: str, *args: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"
