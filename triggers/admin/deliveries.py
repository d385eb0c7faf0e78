"""Deliveries: each message with its state, its provider calls, what the provider said, and the words that were sent."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns.admin.base import FactAdmin
from campaigns.admin.display import instant
from campaigns.admin.frames import mail_page, mail_policy
from triggers.admin import needs_a_person
from triggers.admin.occasions import ReasonFilter
from triggers.admin.outbox import outbox
from triggers.admin.words import reason_words, state_pill
from triggers.models import Attempt, Delivery


@admin.register(Delivery)
class DeliveryAdmin(FactAdmin):
    """Messages, one on one channel of one occasion."""

    list_display = ("customer", "campaign", "channel", "stands", "why", "waits", "sent")
    list_filter = ("state", "channel", ReasonFilter, "campaign")
    search_fields = ("=customer__external_id", "=customer__last_name", "=attempts__provider_id")
    search_help_text = _("The shop's id of the customer, the last name, or the provider's id of a message")
    list_select_related = ("customer", "campaign")
    ordering = ("-pk",)
    fields = (
        ("campaign", "customer"),
        ("channel", "stands", "why"),
        ("waits", "sent", "occasion"),
        "attempts_list",
    )
    readonly_fields = ("stands", "why", "waits", "sent", "attempts_list")

    def get_urls(self) -> list[URLPattern]:
        """Add the outbox, what needs a person, and the page of one message's HTML."""
        view = self.admin_site.admin_view
        return [
            path("outbox/", view(self.outbox), name="triggers_outbox"),
            path("needs-a-person/", view(needs_a_person.page), name="triggers_needs_a_person"),
            path("needs-a-person/rule/", view(require_POST(needs_a_person.rule)), name="triggers_rule"),
            path(
                "needs-a-person/release-hold/",
                view(require_POST(needs_a_person.release_hold)),
                name="triggers_release_hold",
            ),
            path("html/<uuid:pk>/", view(mail_policy(self.html)), name="triggers_attempt_html"),
            *super().get_urls(),
        ]

    def outbox(self, request: HttpRequest) -> HttpResponse:
        """Show the messages as their customers see them."""
        return outbox(self, request)

    def html(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Answer one message's HTML, for its frame."""
        attempt = get_object_or_404(Attempt, pk=pk)
        return mail_page(attempt.html) if self.has_view_permission(request) else HttpResponse(status=403)

    def heading(self, row: Delivery) -> str:
        """Return for example "E-mail: Claire Petit"."""
        return f"{row.get_channel_display()}: {row.customer}"

    @admin.display(description=_("state"), ordering="state")
    def stands(self, delivery: Delivery) -> SafeString:
        """Return its state."""
        return state_pill(delivery.state)

    @admin.display(description=_("why?"))
    def why(self, delivery: Delivery) -> str:
        """Return the reason in words."""
        return reason_words(delivery.reason) or "–"

    @admin.display(description=_("not before"), ordering="not_before")
    def waits(self, delivery: Delivery) -> str:
        """Return the instant it waits for."""
        return instant(delivery.not_before)

    @admin.display(description=_("sent"), ordering="permitted_at")
    def sent(self, delivery: Delivery) -> str:
        """Return when it was handed to the provider."""
        return instant(delivery.permitted_at)

    @admin.display(description=_("provider calls"))
    def attempts_list(self, delivery: Delivery) -> SafeString:
        """Return each call with its answer, the provider's later words, and the message."""
        attempts = delivery.attempts.order_by("started_at").prefetch_related("events")
        return render_to_string(
            "studio/attempts.html",
            {
                "attempts": attempts,
                "clicks": delivery.clicks.select_related("link"),
                "rulings": delivery.rulings.order_by("pk"),
            },
        )
