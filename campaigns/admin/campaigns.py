"""Campaigns: their list, their form, and the page from which one is previewed, approved, launched and stopped."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns import clock, launch
from campaigns.admin import audience_count
from campaigns.admin.audit import history, sent_back
from campaigns.admin.base import StudioAdmin
from campaigns.admin.campaign_form import CampaignForm
from campaigns.admin.display import money, pill
from campaigns.admin.panels import campaign_panels
from campaigns.admin.previews import find_customers, preview_html, shown, usual_customer
from campaigns.admin.steps import SHARES, STEPS, approval_words, open_steps
from campaigns.approval import approval_stands
from campaigns.audience import audience_sentence
from campaigns.launch_problems import launch_problems
from campaigns.models import Campaign, ChannelName, Customer, Shop
from campaigns.moment_kinds import moment_kind, parse_rule
from campaigns.pauses import pause_sentence

Status = Campaign.Status
_MOODS: Final = {
    Status.DRAFT: "",
    Status.IN_REVIEW: "warn",
    Status.APPROVED: "calm",
    Status.SHADOW: "warn",
    Status.CANARY: "good",
    Status.LIVE: "good",
    Status.PAUSED: "warn",
    Status.ENDED: "",
}


def status_pill(campaign: Campaign) -> SafeString:
    """Return a campaign's status as a pill."""
    return pill(campaign.get_status_display(), _MOODS[Status(campaign.status)])


def moment_sentence(campaign: Campaign) -> str:
    """Return the campaign's moment in words, or what is wrong with its rule."""
    moment = campaign.moment
    try:
        return moment_kind(moment.kind).sentence(parse_rule(moment.kind, moment.rule))
    except ValidationError as error:
        return " ".join(error.messages)


def who(campaign: Campaign) -> str:
    """Return the campaign's audience in words, or what is wrong with it."""
    try:
        return audience_sentence(campaign.audience)
    except ValidationError as error:
        return " ".join(error.messages)


def channel_words(campaign: Campaign) -> str:
    """Return the channels in the order tried, in words."""
    labels = [str(ChannelName(name).label) for name in campaign.channels if name in ChannelName.values]
    return gettext(", else ").join(labels)


@admin.register(Campaign)
class CampaignAdmin(StudioAdmin):
    """Campaigns."""

    form = CampaignForm
    change_form_template = "admin/campaigns/campaign/change_form.html"
    list_display = ("page_link", "status_pill", "moment", "gesture", "channel_words", "holdout", "launched_at")
    list_display_links = None
    list_filter = ("status", "moment", "gesture")
    search_fields = ("name", "slug")
    list_select_related = ("moment", "gesture")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug")}),
        (_("When and what"), {"fields": ("moment", "gesture", "channels")}),
        (_("For whom"), {"fields": ("audience",)}),
        (_("Beside the others"), {"fields": ("priority", "absorbs", "even_in_trouble", "promised")}),
        (
            _("Measured how"),
            {
                "fields": (
                    "holdout_share",
                    "macro_conversion",
                    ("before_after_days", "attribution_days"),
                    "smallest_useful_effect",
                    "utm",
                )
            },
        ),
        (_("Costs"), {"fields": (("cost_email", "cost_sms", "incentive_cost"), "margin_share")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the campaign's own page and its steps."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/", view(self.overview), name="campaigns_campaign_overview"),
            path("audience/", view(require_POST(audience_count.told)), name="campaigns_audience_told"),
            path("audience/count/", view(require_POST(audience_count.counted)), name="campaigns_audience_counted"),
            path("preview/<int:pk>/", view(preview_html), name="campaigns_variant_preview"),
            path("<int:pk>/step/", view(require_POST(self.step)), name="campaigns_campaign_step"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow the deletion of what was told to nobody."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.launched_at is None)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> Any:
        """Go on to the new campaign's page."""
        return redirect("admin:campaigns_campaign_overview", obj.pk)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> Any:
        """Go back to the campaign's page."""
        return redirect("admin:campaigns_campaign_overview", obj.pk)

    def overview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a campaign: what it is, what stands in its way, its preview, and what became of it."""
        campaign = get_object_or_404(Campaign.objects.select_related("moment", "gesture"), pk=pk)
        if not self.has_view_permission(request, campaign):
            raise PermissionDenied
        chosen = request.GET.get("customer", "")
        customer = Customer.objects.filter(pk=chosen).first() if chosen.isdigit() else None
        customer = customer or usual_customer()
        words = request.GET.get("q", "").strip()
        shop, steps = Shop.get(), open_steps(request, campaign)
        context = {
            **self.admin_site.each_context(request),
            "title": campaign.name,
            "campaign": campaign,
            "status": status_pill(campaign),
            "moment_sentence": moment_sentence(campaign),
            "audience": who(campaign),
            "channels": channel_words(campaign),
            "costs": [(ChannelName(k).label, money(v, shop.currency)) for k, v in campaign.unit_costs.items()],
            "incentive_cost": money(campaign.incentive_cost, shop.currency),
            "approval_stands": approval_stands(campaign),
            "problems": launch_problems(campaign) if campaign.status != Status.ENDED else [],
            "steps": steps,
            "shares": SHARES,
            "approval_words": approval_words(request, campaign, steps),
            "canary": f"{float((campaign.canary_share or 0) * 100):g}",
            "why_paused": pause_sentence(campaign),
            "sent_back": sent_back(campaign),
            "longest_why": launch.LONGEST_WHY,
            "history": history(campaign),
            "customer": customer,
            "words": words,
            "found": find_customers(words),
            "previews": shown(campaign, customer) if customer else [],
            "panels": campaign_panels(request, campaign, customer),
        }
        return TemplateResponse(request, "admin/campaigns/campaign/overview.html", context)

    def step(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the posted step of the campaign's life, or say why it cannot be taken."""
        campaign = get_object_or_404(Campaign.objects.select_related("moment", "gesture"), pk=pk)
        step = next((step for step in STEPS if step.name == request.POST.get("step")), None)
        if step is None or not request.user.has_perm(step.permission):
            raise PermissionDenied
        try:
            words = step.take(campaign, request.user.get_username(), clock.now(), request.POST)
        except launch.LaunchRefused as refused:
            for problem in refused.problems:
                messages.error(request, problem)
        else:
            messages.success(request, step.done)
            if words:
                messages.warning(request, words)
        return redirect("admin:campaigns_campaign_overview", pk)

    @admin.display(description=_("name"), ordering="name")
    def page_link(self, campaign: Campaign) -> SafeString:
        """Return the name, leading to the campaign's page."""
        url = reverse("admin:campaigns_campaign_overview", args=(campaign.pk,))
        return format_html('<a href="{}">{}</a>', url, campaign.name)

    @admin.display(description=_("status"), ordering="status")
    def status_pill(self, campaign: Campaign) -> SafeString:
        """Return where it stands."""
        return status_pill(campaign)

    @admin.display(description=_("channels"))
    def channel_words(self, campaign: Campaign) -> str:
        """Return the channels in the order tried."""
        return channel_words(campaign)

    @admin.display(description=_("control group"), ordering="holdout_share")
    def holdout(self, campaign: Campaign) -> str:
        """Return the control group's share."""
        return f"{float(campaign.holdout_share * 100):g} %"
