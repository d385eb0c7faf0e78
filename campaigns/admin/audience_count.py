"""Who an audience is, told while it is edited: its sentence in every language, how many, and some of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import translation

from campaigns import clock
from campaigns.admin.audience_field import AudienceField, AudienceWidget
from campaigns.audience import audience_sentence
from campaigns.audience.count import Progress, count_on, quick_count, sample_of
from campaigns.models import Campaign, Customer

NAME: Final = "audience"
SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Said:
    """The audience's sentence in one language, named in that language."""

    code: str
    name: str
    sentence: str


def told(request: HttpRequest) -> HttpResponse:
    """Answer the posted audience in words, with its count (exact or estimated) and a sample."""
    tree, problems = _posted(request)
    context: dict[str, Any] = {"problems": problems}
    if tree is not None:
        now = clock.now()
        context |= {
            "said": _said(tree),
            "count": quick_count(tree, now),
            "sample": sample_of(tree, now, SHOWN),
            "may_see": request.user.has_perm("campaigns.view_customer"),
        }
    return TemplateResponse(request, "studio/audience_told.html", context)


def counted(request: HttpRequest) -> HttpResponse:
    """Count the posted audience on from the posted progress for a moment; answer how far it is."""
    tree, problems = _posted(request)
    if tree is None:
        return TemplateResponse(request, "studio/audience_told.html", {"problems": problems})
    progress = count_on(tree, clock.now(), _progress(request.POST))
    context = {"progress": progress, "everybody": Customer.objects.count() if progress.done else None}
    return TemplateResponse(request, "studio/audience_progress.html", context)


def _posted(request: HttpRequest) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the audience that the form holds, or None and what is wrong with it."""
    if not request.user.has_perm("campaigns.view_campaign"):
        raise PermissionDenied
    field = AudienceField()
    tree = AudienceWidget().value_from_datadict(request.POST, {}, NAME)
    if tree is None:
        # Made through the API and more than a list: the form keeps it as it is stored.
        kept = request.POST.get("campaign", "")
        campaign = Campaign.objects.filter(pk=kept).first() if kept.isdigit() else None
        tree = campaign.audience if campaign else {}
    try:
        return field.clean(tree), []
    except ValidationError as error:
        return None, error.messages


def _said(tree: Mapping[str, Any]) -> list[Said]:
    said = []
    for code, name in settings.LANGUAGES:
        with translation.override(code):
            sentence = audience_sentence(tree)
            said.append(Said(code, str(name), sentence[:1].upper() + sentence[1:]))
    return said


def _progress(posted: Mapping[str, str]) -> Progress:
    found, last, newest = (posted.get(name, "") for name in ("found", "last", "newest"))
    if not (found.isdigit() and last.isdigit() and newest.isdigit()):
        return Progress()
    return Progress(int(found), int(last), int(newest))
