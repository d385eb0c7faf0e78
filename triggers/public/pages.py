"""What all public pages share: the customer's language, no cookie, no cache, no trace of the token elsewhere."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from campaigns.models import Shop


def show(
    request: HttpRequest, template: str, facts: dict[str, Any] | None = None, *, language: str = "", status: int = 200
) -> HttpResponse:
    """Return `template` in `language` (BCP 47), else in the browser's."""
    shop, spoken = Shop.get(), spoken_language(language)
    with translation.override(spoken):
        response = render(request, template, {"shop": shop, "language": spoken, **(facts or {})}, status=status)
    response["Content-Language"] = spoken
    return private(response)


def spoken_language(language: str) -> str:
    """Return the language of a page for who speaks `language` (BCP 47), else the browser's: one that we speak."""
    base = language.lower().partition("-")[0] or translation.get_language() or Shop.get().language
    return base if base in ("fr", "en") else "en"


def broken_link(request: HttpRequest) -> HttpResponse:
    """Return the one page for every link that we did not sign, whatever is wrong with it."""
    return show(request, "public/broken_link.html", status=404)


def private(response: HttpResponse) -> HttpResponse:
    """Keep a token's page out of caches, search engines and the Referer of what it links to."""
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
