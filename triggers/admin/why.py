"""The page that says why, or why not, for one customer and campaign, and the cards that lead to it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaigns import clock
from campaigns.admin.panels import on_campaign, on_customer
from campaigns.admin.previews import find_customers
from campaigns.models import Campaign, Customer
from triggers.admin.words import decision_pill, reason_words, state_pill
from triggers.models import Decision
from triggers.told import channel_words, moment_sentence, sentence
from triggers.why import Upcoming, Why, next_gestures, why

PERMISSIONS = ["campaigns.view_customer", "campaigns.view_campaign", "triggers.view_occasion"]


def page(request: HttpRequest, customer: int) -> HttpResponse:
    """Answer why the customer got the gesture of `?campaign=` (a database id), or why not."""
    if not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    chosen = request.GET.get("campaign", "")
    if not chosen.isdigit():
        raise Http404
    who = get_object_or_404(Customer.objects.select_related("tier"), pk=customer)
    campaign = get_object_or_404(Campaign.objects.select_related("moment", "gesture"), pk=int(chosen))
    try:
        answer: Why | None = why(campaign, who, clock.now())
        problems: list[str] = []
    except ValidationError as error:
        answer, problems = None, error.messages
    context = {
        **admin.site.each_context(request),
        "title": _("Why? %(customer)s · %(campaign)s") % {"customer": who, "campaign": campaign},
        "customer": who,
        "campaign": campaign,
        "campaigns": Campaign.objects.order_by("name"),
        "problems": problems,
        **(_shown(answer) if answer else {}),
    }
    return TemplateResponse(request, "studio/why.html", context)


def _shown(answer: Why) -> dict[str, Any]:
    return {
        "answer": answer,
        "sentence": sentence(answer),
        "moment_sentence": moment_sentence(answer),
        "guards": [
            {"row": guard, "words": reason_words(guard.guard), "channel": channel_words(guard.channel)}
            for guard in answer.guards
        ],
        "decisions": [
            {
                "row": occasion,
                "pill": decision_pill(occasion.decision),
                "why": reason_words(occasion.reason) if occasion.reason else "",
                "messages": [
                    (channel_words(row.channel), state_pill(row.state), reason_words(row.reason), row)
                    for row in occasion.deliveries.all()
                ],
                "findings": [(reason_words(row.guard), row) for row in occasion.findings.all()],
            }
            for occasion in answer.decisions
        ],
    }


@on_campaign
def ask_why(request: HttpRequest, campaign: Campaign, _customer: Customer | None) -> SafeString:
    """Return the card on a campaign's page from which one asks about a customer."""
    if not request.user.has_perms(PERMISSIONS):
        return SafeString("")
    words = request.GET.get("why", "").strip()
    context = {"campaign": campaign, "words": words, "found": find_customers(words)}
    return render_to_string("studio/ask_why.html", context, request)


@on_customer
def next_and_why(request: HttpRequest, customer: Customer) -> SafeString:
    """Return the cards on a customer's page: what comes next, and why or why not."""
    if not request.user.has_perms(PERMISSIONS):
        return SafeString("")
    context = {
        "customer": customer,
        "upcoming": [_upcoming(gesture) for gesture in next_gestures(customer, clock.now())],
        "campaigns": Campaign.objects.exclude(status=Campaign.Status.ENDED).order_by("name"),
    }
    return render_to_string("studio/next_and_why.html", context, request)


def _upcoming(gesture: Upcoming) -> dict[str, Any]:
    return {
        "row": gesture,
        "pill": decision_pill(gesture.decision),
        "channel": channel_words(gesture.channel),
        "why": reason_words(gesture.reason) if gesture.reason else "",
        "skipped": gesture.decision == Decision.SKIPPED,
    }
