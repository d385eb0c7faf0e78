"""The studio's navigation: the pages in the words of the product, as far as the signed-in person may see them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from campaigns.models import ChannelName, Shop

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Page:
    """One entry: its words, the URL name it opens, the permission it needs and the pages within it."""

    label: "StrPromise"
    url_name: str
    permission: str = ""
    within: tuple["Page", ...] = ()


def _list(label: "StrPromise", model: str, *within: Page, app: str = "campaigns") -> Page:
    return Page(label, f"admin:{app}_{model}_changelist", f"{app}.view_{model}", within)


PAGES: tuple[Page, ...] = (
    Page(_("Today"), "admin:index"),
    _list(
        _("Customers"),
        "customer",
        _list(_("Orders"), "order"),
        _list(_("Events"), "event"),
        _list(_("Answers"), "answer"),
        _list(_("Consents"), "consent"),
        _list(_("Suppressed addresses"), "suppression"),
    ),
    _list(_("Moments"), "journeymoment"),
    _list(_("Gestures"), "gesturetemplate"),
    _list(_("Campaigns"), "campaign"),
    _list(_("Occasions"), "occasion", app="triggers"),
    Page(
        _("Messages"),
        "admin:triggers_outbox",
        "triggers.view_delivery",
        (
            Page(_("Outbox"), "admin:triggers_outbox", "triggers.view_delivery"),
            Page(_("Needs a person"), "admin:triggers_needs_a_person", "triggers.view_delivery"),
            _list(_("Deliveries"), "delivery", app="triggers"),
        ),
    ),
    Page(
        _("Reports"),
        "analytics:reports",
        "campaigns.view_campaign",
        (
            Page(_("Bilan"), "analytics:bilan", "campaigns.view_campaign"),
            Page(_("Campaigns"), "analytics:reports", "campaigns.view_campaign"),
            Page(_("Before and after"), "analytics:shop", "campaigns.view_campaign"),
            Page(_("Recommendation (NPS)"), "analytics:nps", "campaigns.view_answer"),
            Page(_("Funnel"), "analytics:funnel", "campaigns.view_campaign"),
            Page(_("Signals"), "analytics:signals", "campaigns.view_campaign"),
            Page(_("Weekly digest"), "analytics:digest", "campaigns.view_campaign"),
        ),
    ),
    Page(
        _("Settings"),
        "admin:campaigns_shop_changelist",
        "campaigns.view_shop",
        (
            _list(_("Shop"), "shop"),
            _list(_("Tiers"), "tier"),
            _list(_("Products"), "product"),
            _list(_("Key events"), "keyevent"),
            _list(_("Acquisition spend"), "spend"),
            _list(_("Referral codes"), "referralcode"),
            _list(_("API keys"), "apikey"),
            Page(_("Global control group"), "admin:triggers_global_group", "triggers.view_globalholdout"),
            _list(_("Audit log"), "auditentry"),
            _list(_("People"), "user", app="auth"),
            _list(_("Roles"), "group", app="auth"),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    """A page as the navigation shows it; `current` is "page", "true" (a page within it) or ""."""

    label: "StrPromise"
    url: str
    current: str
    within: tuple["Entry", ...]


def _entries(pages: tuple[Page, ...], user: User | AnonymousUser, path: str) -> Iterator[Entry]:
    for page in pages:
        if page.permission and not user.has_perm(page.permission):
            continue
        try:
            url = reverse(page.url_name)
        except NoReverseMatch:
            continue
        within = _nearest(tuple(_entries(page.within, user, path)))
        here = path == url if page.url_name == "admin:index" else path.startswith(url)
        inside = any(entry.current for entry in within)
        yield Entry(page.label, url, "true" if inside else "page" if here else "", within)


def _nearest(within: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return the entries with only the longest address marked: the outbox lies below the deliveries."""
    longest = max((len(entry.url) for entry in within if entry.current), default=0)
    return tuple(entry if len(entry.url) == longest else replace(entry, current="") for entry in within)


def entries(user: User | AnonymousUser, path: str) -> list[Entry]:
    """Return what `user` may open, marking where `path` lies."""
    return list(_entries(PAGES, user, path))


def studio(request: HttpRequest) -> dict[str, Any]:
    """Give every page of the studio its navigation and the state of the stop button; nothing is read until shown."""
    user = getattr(request, "user", AnonymousUser())
    return {
        "studio_pages": SimpleLazyObject(lambda: entries(user, request.path)),
        "studio_shop": (shop := SimpleLazyObject(Shop.get)),
        "studio_stopped": SimpleLazyObject(lambda: [ChannelName(name).label for name in shop.stopped_channels]),
    }
