"""The page of the global control group: whom no campaign writes to, since when, and the button that draws it anew."""

from decimal import Decimal
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns import clock
from campaigns.admin.base import FactAdmin
from campaigns.admin.display import instant
from campaigns.models import Customer
from triggers import global_group
from triggers.models import GlobalHoldout

PERMISSION: Final = "triggers.add_globalholdout"
SHARES: Final = tuple(Decimal(share) for share in ("0.05", "0.10", "0.20"))


@admin.register(GlobalHoldout)
class GlobalHoldoutAdmin(FactAdmin):
    """The epochs of the group so far."""

    list_display = ("epoch", "percent", "drawn", "drawn_by")
    list_display_links = None
    ordering = ("-since",)

    def get_urls(self) -> list[URLPattern]:
        """Add the group's page and its button."""
        view = self.admin_site.admin_view
        return [
            path("group/", view(self.group), name="triggers_global_group"),
            path("group/draw/", view(require_POST(self.draw)), name="triggers_global_draw"),
            *super().get_urls(),
        ]

    def group(self, request: HttpRequest) -> HttpResponse:
        """Show the group in force, and how large it should be."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        current, contacts = GlobalHoldout.at(clock.now()), Customer.objects.count()
        suggested = global_group.suggested_share()
        likely = current.share if current and current.share else suggested
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Global control group"),
            "subtitle": gettext("Customers to whom no campaign writes, so that all of them together can be judged"),
            "current": current if current and current.share else None,
            "members": round(contacts * (current.share if current else 0)),
            "contacts": contacts,
            "epochs": GlobalHoldout.objects.all()[:8],
            "shares": [(share, share == likely) for share in SHARES],
            "suggested": suggested,
            "may_draw": request.user.has_perm(PERMISSION),
        }
        return TemplateResponse(request, "studio/global_group.html", context)

    def draw(self, request: HttpRequest) -> HttpResponse:
        """Begin a new epoch with the posted share; 0 ends the group."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        by, now = request.user.get_username(), clock.now()
        share = next((share for share in SHARES if str(share) == request.POST.get("share")), Decimal(0))
        group = global_group.draw(share, by=by, now=now)
        if share:
            messages.success(request, gettext("The group is drawn: epoch %(epoch)s.") % {"epoch": group.epoch})
        else:
            messages.warning(request, gettext("The group is ended: campaigns may write to everybody again."))
        return redirect("admin:triggers_global_group")

    @admin.display(description=_("share"))
    def percent(self, group: Any) -> str:
        """Return the share."""
        return f"{float(group.share * 100):g} %"

    @admin.display(description=_("since"))
    def drawn(self, group: Any) -> str:
        """Return since when."""
        return instant(group.since)
