"""Customers: found by name, id or address, and read on one page with all that ever happened with them."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.dates import MONTHS
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns import clock
from campaigns.admin.base import FactAdmin, with_currency
from campaigns.admin.display import instant, money, yes_no
from campaigns.admin.panels import Entry, customer_panels, on_timeline, timeline
from campaigns.consent import record_consent
from campaigns.models import ChannelName, Customer, Shop, Suppression

SHOWN: Final = 100


@admin.register(Customer)
class CustomerAdmin(FactAdmin):
    """Customers as the shop knows them."""

    list_display = ("external_id", "name", "language", "country", "tier", "orders_count", "spent", "last_order", "may")
    list_display_links = ("external_id", "name")
    list_filter = ("language", "country", "tier", "email_marketing", "sms_marketing")
    search_fields = (
        "=external_id",
        "last_name__istartswith",
        "first_name__istartswith",
        "email__istartswith",
        "=phone",
    )
    search_help_text = _("Name, e-mail, phone, or the shop's id")
    list_select_related = ("tier",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the customers with the shop's currency beside each."""
        return with_currency(super().get_queryset(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a customer's facts and timeline."""
        customer = get_object_or_404(Customer.objects.select_related("tier"), pk=object_id)
        if not self.has_view_permission(request, customer):
            raise PermissionDenied
        shop = Shop.get()
        keys = [key for key in (customer.email_key, customer.phone_key) if key]
        context = {
            **self.admin_site.each_context(request),
            "title": str(customer),
            "customer": customer,
            "spent": money(customer.total_spent, shop.currency),
            "birthday": birthday(customer),
            "suppressions": Suppression.objects.filter(address_key__in=keys),
            "timeline": timeline(customer, SHOWN),
            "shown": SHOWN,
            "panels": customer_panels(request, customer),
            "channels": ChannelName.choices,
            "may_record": request.user.has_perm("campaigns.add_consent"),
        }
        return TemplateResponse(request, "admin/campaigns/customer/page.html", context)

    def get_urls(self) -> list[URLPattern]:
        """Add the address to which a word about being written to is posted."""
        view = self.admin_site.admin_view(require_POST(self.consent))
        return [path("<int:pk>/consent/", view, name="campaigns_customer_consent"), *super().get_urls()]

    def consent(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record what the customer told the person who is signed in."""
        customer = get_object_or_404(Customer, pk=pk)
        channel = request.POST.get("channel", "")
        if not request.user.has_perm("campaigns.add_consent") or channel not in ChannelName.values:
            raise PermissionDenied
        granted = request.POST.get("granted") == "1"
        now = clock.now()
        source = f"studio: {request.user.get_username()}"[:80]
        record_consent(customer, channel, granted, source=source, given_at=now, now=now)
        messages.success(request, _("Recorded."))
        return redirect("admin:campaigns_customer_change", pk)

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, customer: Customer) -> str:
        """Return the full name."""
        return str(customer)

    @admin.display(description=_("total spent"), ordering="total_spent")
    def spent(self, customer: Any) -> str:
        """Return the total of the valid orders."""
        return money(customer.total_spent, customer.currency)

    @admin.display(description=_("last order"), ordering="last_order_at")
    def last_order(self, customer: Customer) -> str:
        """Return when the last order was placed."""
        return instant(customer.last_order_at)

    @admin.display(description=_("accepts e-mails"))
    def may(self, customer: Customer) -> SafeString:
        """Return whether the customer accepts e-mails."""
        return yes_no(customer.email_marketing)


def birthday(customer: Customer) -> str:
    """Return the birthday in words, with its year where it is known; '' where no birthday is."""
    if not customer.birth_day:
        return ""
    month, day = divmod(customer.birth_day, 100)
    return f"{day} {MONTHS[month]} {customer.birth_year or ''}".strip()


@on_timeline
def orders(customer: Customer, limit: int) -> Iterator[Entry]:
    """Yield the customer's orders."""
    currency = Shop.get().currency
    for order in customer.orders.order_by("-placed_at")[:limit]:
        title = gettext("Order %(id)s, %(total)s") % {"id": order.external_id, "total": money(order.total, currency)}
        url = reverse("admin:campaigns_order_change", args=(order.pk,))
        yield Entry(order.placed_at, "order", title, order.get_status_display(), url)


@on_timeline
def events(customer: Customer, limit: int) -> Iterator[Entry]:
    """Yield what the customer did."""
    for event in customer.events.order_by("-occurred_at")[:limit]:
        detail = ", ".join(f"{name}: {value}" for name, value in list(event.properties.items())[:4])
        yield Entry(event.occurred_at, "event", event.name, detail)


@on_timeline
def answers(customer: Customer, limit: int) -> Iterator[Entry]:
    """Yield what the customer answered."""
    for answer in customer.answers.order_by("-answered_at")[:limit]:
        title = gettext("%(survey)s: %(score)d out of 10") % {"survey": answer.survey.upper(), "score": answer.score}
        yield Entry(answer.answered_at, "answer", title, answer.comment)


@on_timeline
def consents(customer: Customer, limit: int) -> Iterator[Entry]:
    """Yield the words the customer gave about being written to."""
    for consent in customer.consents.order_by("-given_at")[:limit]:
        words = gettext("Agreed to %(channel)s") if consent.granted else gettext("Refused %(channel)s")
        yield Entry(consent.given_at, "consent", words % {"channel": consent.get_channel_display()}, consent.source)


@on_timeline
def changes(customer: Customer, limit: int) -> Iterator[Entry]:
    """Yield what changed about the customer."""
    for change in customer.changes.order_by("-changed_at")[:limit]:
        title = gettext("%(field)s changed") % {"field": change.field}
        yield Entry(change.changed_at, "change", title, f"{_said(change.old)} → {_said(change.new)}")


def _said(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
