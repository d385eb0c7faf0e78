"""The page of a campaign's rehearsal: asked for, watched while it runs, read as pictures and numbers, taken as CSV."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaigns import clock
from campaigns.admin.base import FactAdmin
from campaigns.admin.display import money
from campaigns.admin.frames import mail_page, mail_policy
from campaigns.approval import content_hash
from campaigns.launch_problems import launch_problems
from campaigns.models import Campaign, ChannelName, Shop
from triggers.admin.words import reason_words
from triggers.ear import have_rehearsed
from triggers.models import Rehearsal, RehearsedMessage
from triggers.rehearsal import queue
from triggers.rehearsal.table import rehearsal_csv

CHOICES: Final = (7, 30, 90, 180, 365)
MAY_VIEW: Final = "triggers.view_rehearsal"
MAY_ASK: Final = "campaigns.change_campaign"


@admin.register(Rehearsal)
class RehearsalAdmin(FactAdmin):
    """Rehearsals, each read on its campaign's page."""

    list_display = ("campaign", "after", "until", "status", "requested_by", "requested_at")
    list_filter = ("status", "campaign")
    list_select_related = ("campaign",)
    exclude = ("result", "content", "share", "reached", "touched_at")

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a campaign's rehearsal, what it posts to, and what it loads."""
        view = self.admin_site.admin_view
        return [
            path("of/<int:pk>/", view(self.page), name="triggers_rehearsal_of"),
            path("of/<int:pk>/ask/", view(require_POST(self.ask)), name="triggers_rehearsal_ask"),
            path("<int:pk>/progress/", view(self.progress), name="triggers_rehearsal_progress"),
            path("<int:pk>/cancel/", view(require_POST(self.cancel)), name="triggers_rehearsal_cancel"),
            path("<int:pk>/csv/", view(self.csv), name="triggers_rehearsal_csv"),
            path("message/<int:pk>/", view(mail_policy(self.html)), name="triggers_rehearsed_html"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the latest rehearsal of a campaign, and offer another."""
        _demand(request, MAY_VIEW)
        campaign = get_object_or_404(Campaign.objects.select_related("moment", "gesture"), pk=pk)
        latest = Rehearsal.objects.filter(campaign=campaign)
        rehearsal = latest.first()
        shown = latest.filter(status=Rehearsal.Status.DONE).first() if rehearsal else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Rehearsal: %(campaign)s") % {"campaign": campaign},
            "campaign": campaign,
            "rehearsal": rehearsal,
            "choices": CHOICES,
            "usual": queue.DEFAULT_DAYS,
            "may_ask": request.user.has_perm(MAY_ASK),
            "problems": [] if shown else launch_problems(campaign),
            "shown": _shown(shown) if shown else None,
        }
        return TemplateResponse(request, "studio/rehearsal.html", context)

    def ask(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the campaign rehearsed over the posted number of days."""
        _demand(request, MAY_ASK)
        campaign = get_object_or_404(Campaign.objects.select_related("moment", "gesture"), pk=pk)
        posted = request.POST.get("days", "")
        days = int(posted) if posted in map(str, CHOICES) else queue.DEFAULT_DAYS
        queue.ask(campaign, days=days, by=request.user.get_username(), now=clock.now())
        have_rehearsed()
        return redirect("admin:triggers_rehearsal_of", pk)

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer how far a rehearsal is; once it is over, have the page loaded anew."""
        _demand(request, MAY_VIEW)
        rehearsal = get_object_or_404(Rehearsal, pk=pk)
        context = {"rehearsal": rehearsal, "may_ask": request.user.has_perm(MAY_ASK)}
        response = TemplateResponse(request, "studio/rehearsal_progress.html", context)
        if not rehearsal.pending:
            response["HX-Refresh"] = "true"
        return response

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop a rehearsal that waits or runs."""
        _demand(request, MAY_ASK)
        rehearsal = get_object_or_404(Rehearsal, pk=pk)
        if queue.cancel(rehearsal):
            messages.success(request, _("The rehearsal is cancelled."))
        return redirect("admin:triggers_rehearsal_of", rehearsal.campaign_id)

    def csv(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer the result as a table."""
        _demand(request, MAY_VIEW)
        rehearsal = get_object_or_404(Rehearsal.objects.select_related("campaign"), pk=pk, status=Rehearsal.Status.DONE)
        response = HttpResponse(rehearsal_csv(rehearsal), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{rehearsal.campaign.slug}-rehearsal.csv"'
        return response

    def html(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer one rehearsed e-mail's HTML, for its frame."""
        message = get_object_or_404(RehearsedMessage, pk=pk)
        allowed = request.user.has_perms([MAY_VIEW, "campaigns.view_customer"])
        return mail_page(message.html) if allowed else HttpResponse(status=403)


def _demand(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _shown(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return what the page tells of a finished rehearsal."""
    result, currency = rehearsal.result, Shop.get().currency
    labels = {channel.value: str(channel.label) for channel in ChannelName}
    skipped = sorted(result["skipped"].items(), key=lambda row: -row[1])
    most = max(result["skipped"].values(), default=1)
    return {
        "rehearsal": rehearsal,
        "result": result,
        "cost": money(result["cost"], currency),
        "channels": [
            (labels.get(name, name), count, money(result["costs"][name], currency))
            for name, count in result["channels"].items()
        ],
        "more_than": [_more_than(k, count) for k, count in enumerate(result["more_than"], start=1)],
        "skipped": [(reason_words(reason), count, 100 * count / most) for reason, count in skipped],
        "moved": [(reason_words(reason), count) for reason, count in sorted(result["moved"].items())],
        "skipped_count": sum(result["skipped"].values()),
        "revenue": money(result["orders"]["revenue"], currency),
        "messages": rehearsal.messages.select_related("customer").order_by("sent_at"),
        "edited": content_hash(rehearsal.campaign) != rehearsal.content,
        "chart": {"days": result["days"], "labels": labels, "from": rehearsal.after, "to": rehearsal.until},
        "csv_url": reverse("admin:triggers_rehearsal_csv", args=(rehearsal.pk,)),
    }


def _more_than(k: int, count: int) -> str:
    words = ngettext(
        "%(count)d customer more than %(k)d times",
        "%(count)d customers more than %(k)d times",
        count,
    )
    if k == 1:
        words = ngettext("%(count)d customer more than once", "%(count)d customers more than once", count)
    return words % {"count": count, "k": k}
