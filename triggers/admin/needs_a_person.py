"""The page of what needs a person, and the buttons by which they decide; who decided what is kept."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import clock
from campaigns.models import ChannelName
from triggers import epoch, rulings
from triggers.admin.concerns import CONCERNS, Rows, paused_campaigns, paused_providers, waiting
from triggers.admin.words import reason_words
from triggers.channels import Verdict
from triggers.models import Attempt, Delivery, Epoch, Occasion, Ruling, State

PERMISSION: Final = "triggers.change_delivery"
SHOWN: Final = 25


def page(request: HttpRequest) -> HttpResponse:
    """Show everything that needs a person."""
    if not request.user.has_perm("triggers.view_delivery"):
        raise PermissionDenied
    now = clock.now()
    sections = [
        {"concern": concern, "count": count, "lines": _lines(concern.rows(now))} for concern, count in waiting(now)
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Needs a person"),
        "subtitle": _("What the system will not decide by itself"),
        "sections": sections,
        "providers": paused_providers(now),
        "hold": hold(now),
        "paused": paused_campaigns(),
        "channels": ChannelName.choices,
        "may_rule": request.user.has_perm(PERMISSION),
        "shown": SHOWN,
    }
    return TemplateResponse(request, "studio/needs_a_person.html", context)


def _lines(rows: Rows) -> list[dict[str, Any]]:
    """Return the first rows of a concern with what the page tells of each."""
    first = rows.select_related("customer", "campaign").order_by("-pk")
    if rows.model is Occasion:
        return [
            {"row": row, "at": row.due_at, "why": "", "url": reverse("admin:triggers_occasion_change", args=(row.pk,))}
            for row in first[:SHOWN]
        ]
    calls = Prefetch("attempts", Attempt.objects.order_by("-started_at"))
    return [
        {
            "row": row,
            "at": row.permitted_at or row.not_before,
            "why": _why(row),
            "url": reverse("admin:triggers_delivery_change", args=(row.pk,)),
        }
        for row in first.prefetch_related(calls)[:SHOWN]
    ]


def _why(delivery: Delivery) -> str:
    """Return the last provider call in the provider's words, else the reason in ours."""
    call = next(iter(delivery.attempts.all()), None)
    said = f"{call.provider} {call.provider_id} {call.code} {call.detail}"[:160] if call is not None else ""
    return " · ".join(filter(None, (reason_words(delivery.reason) if delivery.reason else "", " ".join(said.split()))))


def hold(now: datetime) -> dict[str, Any] | None:
    """Return since when sending is on hold after a restored backup, and how much had fallen due by then; else None."""
    row = Epoch.objects.filter(held_at__isnull=False).first()
    if row is None:
        return None
    due = Delivery.objects.filter(state=State.PLANNED, not_before__lte=min(row.held_at or now, now))
    return {"since": row.held_at, "due": due.count()}


def release_hold(request: HttpRequest) -> HttpResponse:
    """End the hold in one of the two ways."""
    if not request.user.has_perm("campaigns.change_shop"):
        raise PermissionDenied
    try:
        skip = request.POST.get("how") != "send"
        epoch.release(by=request.user.get_username(), skip_lost=skip, now=clock.now())
    except epoch.NotOnHold:
        messages.info(request, _("Sending is not on hold any more."))
    else:
        messages.success(request, _("Sending goes on."))
    return redirect("admin:triggers_needs_a_person")


def rule(request: HttpRequest) -> HttpResponse:
    """Carry out what was decided: about one delivery, or about all of a concern."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    now, by = clock.now(), request.user.get_username()
    kind = request.POST.get("kind", "")
    concern = next((concern for concern in CONCERNS if concern.name == request.POST.get("concern")), None)
    if concern is None or kind not in concern.may:
        raise PermissionDenied
    chosen = request.POST.get("delivery", "")
    if kind == Ruling.Kind.RESEND:
        _resend(request, int(chosen) if chosen.isdigit() else 0, by, now)
    else:
        rows = concern.rows(now).filter(pk=int(chosen)) if chosen.isdigit() else concern.rows(now)
        ids = list(rows.values_list("pk", flat=True))
        done = (rulings.release if kind == Ruling.Kind.RELEASE else rulings.leave)(ids, by=by, now=now)
        words = {
            Ruling.Kind.RELEASE: ngettext(
                "%(n)d message is back in the queue.", "%(n)d messages are back in the queue.", done
            ),
            Ruling.Kind.LEAVE: ngettext("%(n)d message stays as it is.", "%(n)d messages stay as they are.", done),
        }[Ruling.Kind(kind)]
        messages.success(request, words % {"n": done})
    return redirect("admin:triggers_needs_a_person")


def _resend(request: HttpRequest, delivery_id: int, by: str, now: datetime) -> None:
    try:
        result = rulings.resend(delivery_id, by=by, now=now)
    except Delivery.DoesNotExist:
        messages.error(request, _("This message no longer exists."))
    except rulings.RulingRefused as refused:
        words = _("Not sent again: %(why)s.") % {"why": _refusal_words(refused.reason)}
        messages.error(request, words)
    else:
        if result.verdict is Verdict.ACCEPTED:
            messages.success(request, _("Sent again; the provider accepted it."))
        elif result.verdict is Verdict.UNKNOWN:
            messages.warning(request, _("The provider's answer was lost again: the message is listed as unknown."))
        else:
            words = _("The provider did not take it: %(code)s %(detail)s")
            messages.error(request, words % {"code": result.code, "detail": result.detail})


def _refusal_words(reason: str) -> str:
    return str(State(reason).label) if reason in State.values else reason_words(reason)
