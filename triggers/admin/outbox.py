"""The outbox page: messages as their customers see them, the newest first."""

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.models import Campaign, ChannelName
from triggers.models import Attempt, Outcome

PAGE: Final = 12


def outbox(site_of: Any, request: HttpRequest) -> HttpResponse:
    """Show the messages that went out, of one channel or campaign where the address says so."""
    if not site_of.has_view_permission(request):
        raise PermissionDenied
    channel = request.GET.get("channel", "")
    campaign = request.GET.get("campaign", "")
    attempts = Attempt.objects.exclude(outcome__in=[Outcome.REFUSED, Outcome.FAILED])
    if channel in ChannelName.values:
        attempts = attempts.filter(delivery__channel=channel)
    if campaign.isdigit():
        attempts = attempts.filter(delivery__campaign=int(campaign))
    rows = attempts.select_related("delivery__customer", "delivery__campaign").order_by("-business_at", "-started_at")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": _("Outbox"),
        "subtitle": _("Messages as your customers see them, the newest first"),
        "page": page,
        "channels": ChannelName.choices,
        "campaigns": Campaign.objects.filter(launched_at__isnull=False).order_by("name"),
        "channel": channel,
        "campaign": campaign,
    }
    return TemplateResponse(request, "studio/outbox.html", context)
