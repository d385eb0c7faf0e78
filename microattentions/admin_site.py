"""The studio: Django's admin under our own look, with today's page as its home and the button that stops sending.

It is imported while the apps are still being loaded, so whatever needs a model is imported inside a view.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns import clock


class StudioAdminSite(admin.AdminSite):
    """The marketer's and operator's site."""

    site_header = "Microattentions"
    site_title = "Microattentions"
    index_title = _("Today")
    site_url = None
    enable_nav_sidebar = False
    empty_value_display = "–"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the addresses of the buttons that stop sending and that try a paused provider."""
        stop = path("stop-sending/", self.admin_view(require_POST(self.stop_sending)), name="stop_sending")
        retry = path("try/<slug:provider>/", self.admin_view(require_POST(self.try_provider)), name="try_provider")
        return [stop, retry, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what is live, what went out, and what needs a person."""
        from microattentions.today import today

        page = today(clock.now(), real_now=timezone.now())
        context = {**self.each_context(request), **page, "title": _("Today"), **(extra_context or {})}
        request.current_app = self.name
        return TemplateResponse(request, "studio/today.html", context)

    def stop_sending(self, request: HttpRequest) -> HttpResponse:
        """Stop or resume all sending, or a channel's; the fire permit reads the switches before every batch."""
        from campaigns.models import ChannelName
        from campaigns.stop import stop

        if not request.user.has_perm("campaigns.stop_sending"):
            raise PermissionDenied
        stopped, channel = request.POST.get("stopped") == "1", request.POST.get("channel", "")
        if channel and channel not in ChannelName.values:
            raise PermissionDenied
        stop(stopped, channel=channel, by=request.user.get_username(), now=clock.now())
        name = {"channel": ChannelName(channel).label} if channel else {}
        if stopped and channel:
            messages.warning(request, _("%(channel)s: sending is stopped. Queued messages wait.") % name)
        elif stopped:
            messages.warning(request, _("All sending is stopped. Queued messages wait until you resume."))
        elif channel:
            messages.success(request, _("%(channel)s: sending goes on.") % name)
        else:
            messages.success(request, _("Sending goes on."))
        back = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
            back = reverse("admin:index")
        return HttpResponseRedirect(back)

    def try_provider(self, request: HttpRequest, provider: str) -> HttpResponse:
        """Let a paused provider be tried again at once."""
        from triggers.dispatch import circuit

        if not request.user.has_perm("campaigns.change_shop"):
            raise PermissionDenied
        circuit.close(provider)
        messages.success(request, _("The provider is tried again with the next message."))
        return HttpResponseRedirect(reverse("admin:index"))


class StudioAdminConfig(AdminConfig):
    """Makes the studio the default admin site."""

    default_site = "microattentions.admin_site.StudioAdminSite"
