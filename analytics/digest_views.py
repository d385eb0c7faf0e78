"""The page of the weekly digest: read this week's, ask for it by e-mail, or no longer."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.digest import digest_figures
from analytics.models import DigestReader
from campaigns import clock
from campaigns.models import Shop


@permission_required("campaigns.view_campaign", raise_exception=True)
def digest(request: HttpRequest) -> HttpResponse:
    """Show the digest of last week; a POST asks for it by e-mail or ends that."""
    assert isinstance(request.user, User)
    if request.method == "POST":
        return _answered(request, request.user)
    now = clock.now()
    today = now.astimezone(ZoneInfo(Shop.get().timezone)).date()
    context = admin.site.each_context(request) | {
        "title": _("Weekly digest"),
        "subscribed": DigestReader.objects.filter(user=request.user).exists(),
        "email": request.user.email,
    }
    return render(
        request, "analytics/digest.html", context | digest_figures(today - timedelta(days=today.weekday()), now)
    )


def _answered(request: HttpRequest, user: User) -> HttpResponse:
    if request.POST.get("subscribed") != "1":
        DigestReader.objects.filter(user=user).delete()
        messages.success(request, _("You get no digest any more."))
    elif not user.email:
        messages.error(request, _("Your account has no e-mail address: have one added under People."))
    else:
        DigestReader.objects.update_or_create(
            user=user,
            defaults={"language": (get_language() or "en")[:2]},
            create_defaults={"language": (get_language() or "en")[:2], "subscribed_at": clock.now()},
        )
        messages.success(request, _("The digest will come to %(email)s on Mondays.") % {"email": user.email})
    return redirect("analytics:digest")
