"""The button "make a moment of it": a finding of the funnel or the signals becomes the draft of a moment."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from analytics.facts.deeds import ORDER
from analytics.goals import labels
from campaigns.models import JourneyMoment, KeyEvent
from campaigns.moment_kinds import parse_rule

# Long enough that somebody who only made tea meanwhile is left alone.
WAIT_HOURS = 4


def draft_moment(event: str, unless: str = "") -> JourneyMoment:
    """Store and return a moment some hours after `event`, unless the step `unless` (or, without one, an order) comes.

    It is in no campaign yet: nobody is written to before somebody has given it a gesture, and somebody approved that.
    """
    words = labels()
    title, following = words.get(event, event), words.get(unless or ORDER, unless)
    name = _("After “%(event)s”, without “%(next)s”") % {"event": title, "next": following}
    rule = {
        "event": event,
        "delay_hours": WAIT_HOURS,
        # Somebody who orders another way has not stopped; a second time at the step starts the wait anew.
        "unless": list(dict.fromkeys([unless or ORDER, ORDER, event])),
    }
    return JourneyMoment.objects.create(
        slug=_free_slug(f"{slugify(event)}-{slugify(unless or 'no-order')}"),
        name=name[:120],
        stage=JourneyMoment.Stage.PURCHASE,
        friction=_("They came as far as “%(event)s” and went no further.") % {"event": title},
        kind="event",
        rule=parse_rule("event", rule).model_dump(mode="json"),
    )


def _free_slug(wanted: str) -> str:
    wanted = wanted[:70].strip("-") or "moment"
    taken = set(JourneyMoment.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := wanted if n == 1 else f"{wanted}-{n}") not in taken)


@require_POST
@permission_required("campaigns.add_journeymoment", raise_exception=True)
def make_moment(request: HttpRequest) -> HttpResponse:
    """Make the draft and open it."""
    event, unless = request.POST.get("event", ""), request.POST.get("unless", "")
    known = set(KeyEvent.objects.values_list("name", flat=True))
    if event not in known or unless not in known | {ORDER, ""}:
        raise Http404
    moment = draft_moment(event, unless)
    messages.success(request, _("A draft: read it, change it, then give it a gesture in a campaign."))
    return redirect("admin:campaigns_journeymoment_change", moment.pk)
