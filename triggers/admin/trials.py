"""The button "send me a test" on a campaign's page, and the list of the tests sent."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns import clock
from campaigns.admin.base import FactAdmin
from campaigns.admin.display import instant, pill
from campaigns.admin.frames import mail_page, mail_policy
from campaigns.admin.panels import on_campaign
from campaigns.models import Campaign, ChannelName, Customer, Variant
from triggers.models import TrialMessage
from triggers.trial_send import TrialRefused, send_trial


@on_campaign
def send_me_a_test(request: HttpRequest, campaign: Campaign, customer: Customer | None) -> SafeString:
    """Return the card from which a test is sent."""
    if customer is None or not request.user.has_perm("campaigns.change_campaign"):
        return SafeString("")
    context = {
        "campaign": campaign,
        "customer": customer,
        "variants": campaign.gesture.variants.filter(channel__in=campaign.channels).order_by(
            "channel", "language", "rank"
        ),
        "own_address": getattr(request.user, "email", ""),
        "trials": TrialMessage.objects.filter(campaign=campaign).order_by("-pk")[:3],
    }
    return render_to_string("studio/send_test.html", context, request)


@admin.register(TrialMessage)
class TrialAdmin(FactAdmin):
    """Test messages: sent from a campaign's page, read here as they were sent."""

    list_display = ("campaign", "channel", "language", "recipient", "requested_by", "answer", "sent")
    list_filter = ("channel", "campaign")
    search_fields = ("recipient", "requested_by")
    list_select_related = ("campaign",)
    ordering = ("-pk",)
    fields = (("campaign", "requested_by"), ("provider", "answer", "detail"), "message")
    readonly_fields = ("answer", "message")

    def get_urls(self) -> list[URLPattern]:
        """Add the address that sends, and the page of one test's HTML."""
        view = self.admin_site.admin_view
        return [
            path("send/<int:pk>/", view(require_POST(self.send)), name="triggers_trial_send"),
            path("html/<int:pk>/", view(mail_policy(self.html)), name="triggers_trial_html"),
            *super().get_urls(),
        ]

    def send(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the posted text to the posted address, as the posted customer would see it."""
        if not request.user.has_perm("campaigns.change_campaign"):
            raise PermissionDenied
        campaign = get_object_or_404(Campaign, pk=pk)
        variant = get_object_or_404(Variant, pk=request.POST.get("variant") or 0, gesture=campaign.gesture_id)
        customer = get_object_or_404(Customer, pk=request.POST.get("customer") or 0)
        recipient = request.POST.get("recipient", "").strip()
        by = request.user.get_username()
        try:
            sent = send_trial(campaign, variant, customer, recipient=recipient, by=by, now=clock.now())
        except TrialRefused as refused:
            messages.error(request, str(refused))
        else:
            if sent.verdict == "accepted":
                messages.success(request, gettext("The test is sent to %(to)s.") % {"to": recipient})
            else:
                words = gettext("The provider did not take the test: %(code)s %(detail)s")
                messages.error(request, words % {"code": sent.code, "detail": sent.detail})
        response = redirect("admin:campaigns_campaign_overview", pk)
        response["Location"] += f"?customer={customer.pk}"
        return response

    def html(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer one test's HTML, for its frame."""
        trial = get_object_or_404(TrialMessage, pk=pk)
        return mail_page(trial.html) if self.has_view_permission(request) else HttpResponse(status=403)

    @admin.display(description=_("answer"))
    def answer(self, trial: TrialMessage) -> SafeString:
        """Return what the provider said."""
        words = _("accepted") if trial.verdict == "accepted" else trial.verdict
        return pill(words, "good" if trial.verdict == "accepted" else "bad")

    @admin.display(description=_("sent"), ordering="sent_at")
    def sent(self, trial: TrialMessage) -> str:
        """Return when it was sent."""
        return instant(trial.sent_at)

    @admin.display(description=_("message"))
    def message(self, trial: TrialMessage) -> SafeString:
        """Return the message as it was seen."""
        context: dict[str, Any] = {"trial": trial, "is_email": trial.channel == ChannelName.EMAIL}
        return render_to_string("studio/trial.html", context)
