"""Orders, events, answers and products: facts that the shop sends, to search and to read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import FactAdmin, StudioAdmin, with_currency
from campaigns.admin.display import instant, money, pill, yes_no
from campaigns.models import Answer, Event, KeyEvent, Order, OrderStatus, Product

_STATUS_MOODS = {
    OrderStatus.PENDING: "warn",
    OrderStatus.RETURNING: "warn",
    OrderStatus.REFUNDED: "bad",
    OrderStatus.CANCELLED: "bad",
    OrderStatus.DELIVERED: "good",
}


def order_status_pill(order: Order) -> SafeString:
    """Return where an order stands."""
    return pill(order.get_status_display(), _STATUS_MOODS.get(OrderStatus(order.status), "calm"))


@admin.register(Order)
class OrderAdmin(FactAdmin):
    """Orders as the shop last told them."""

    list_display = ("external_id", "customer", "placed", "status_pill", "total_money", "revenue_money", "counts")
    list_filter = ("status", "placed_at", "gift", "test")
    search_fields = ("=external_id", "=customer__external_id")
    search_help_text = _("Number of the order, or the shop's id of the customer")
    list_select_related = ("customer",)
    ordering = ("-placed_at", "-pk")
    fields = (
        ("external_id", "customer"),
        ("status_pill", "counts"),
        ("placed_at", "promised_at"),
        ("shipped_at", "delivered_at"),
        "lines_table",
        ("total_money", "revenue_money"),
        ("tax_money", "shipping_money"),
        ("discount_money", "refunded_money"),
        ("discount_codes", "channel"),
        "remarks",
        ("updated_at", "created_at"),
    )
    readonly_fields = (
        "status_pill",
        "counts",
        "lines_table",
        "total_money",
        "revenue_money",
        "tax_money",
        "shipping_money",
        "discount_money",
        "refunded_money",
        "remarks",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the orders with the shop's currency beside each."""
        return with_currency(super().get_queryset(request))

    @admin.display(description=_("placed"), ordering="placed_at")
    def placed(self, order: Order) -> str:
        """Return when it was placed."""
        return instant(order.placed_at)

    @admin.display(description=_("status"), ordering="status")
    def status_pill(self, order: Order) -> SafeString:
        """Return where it stands."""
        return order_status_pill(order)

    @admin.display(description=_("counts in reports"))
    def counts(self, order: Order) -> SafeString:
        """Return whether totals and reports count it."""
        return yes_no(order.valid)

    @admin.display(description=_("total"), ordering="total")
    def total_money(self, order: Any) -> str:
        """Return its total."""
        return money(order.total, order.currency)

    @admin.display(description=_("revenue"), ordering="revenue")
    def revenue_money(self, order: Any) -> str:
        """Return what reports count: without tax, shipping and refunds."""
        return money(order.revenue, order.currency)

    @admin.display(description=_("tax"))
    def tax_money(self, order: Any) -> str:
        """Return its tax."""
        return money(order.tax, order.currency)

    @admin.display(description=_("shipping"))
    def shipping_money(self, order: Any) -> str:
        """Return its shipping."""
        return money(order.shipping, order.currency)

    @admin.display(description=_("discount"))
    def discount_money(self, order: Any) -> str:
        """Return what was taken off."""
        return money(order.discount, order.currency)

    @admin.display(description=_("refunded"))
    def refunded_money(self, order: Any) -> str:
        """Return what was paid back."""
        return money(order.refunded, order.currency)

    @admin.display(description=_("remarks"))
    def remarks(self, order: Order) -> str:
        """Return whether it is a gift or a test."""
        return (
            ", ".join(str(word) for is_so, word in ((order.gift, _("gift")), (order.test, _("test"))) if is_so) or "–"
        )

    @admin.display(description=_("lines"))
    def lines_table(self, order: Order) -> SafeString:
        """Return the articles bought as a table."""
        rows = format_html_join(
            "",
            '<tr><th scope="row">{}</th><td>{}</td><td class="number">{}</td><td class="number">{}</td></tr>',
            (
                (line.get("name") or line.get("sku", ""), line.get("sku", ""), line["quantity"], line["unit_price"])
                for line in order.lines
            ),
        )
        return format_html(
            '<div class="scroll"><table class="data"><thead><tr><th scope="col">{}</th><th scope="col">{}</th>'
            '<th scope="col" class="number">{}</th><th scope="col" class="number">{}</th></tr></thead>'
            "<tbody>{}</tbody></table></div>",
            gettext("article"),
            gettext("SKU"),
            gettext("quantity"),
            gettext("unit price"),
            rows,
        )


class EventNameFilter(admin.SimpleListFilter):
    """Filters events by the names declared as key events, which is cheap; other names are found by the search."""

    title = _("key event")
    parameter_name = "name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the declared names."""
        return [(row.name, str(row)) for row in KeyEvent.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the events so named."""
        return queryset.filter(name=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(FactAdmin):
    """What customers did."""

    list_display = ("name", "customer", "when", "properties")
    list_filter = (EventNameFilter,)
    search_fields = ("=external_id", "=customer__external_id", "=name")
    search_help_text = _("Name of the event, its id, or the shop's id of the customer")
    list_select_related = ("customer",)
    ordering = ("-pk",)

    @admin.display(description=_("when"))
    def when(self, event: Event) -> str:
        """Return when it happened."""
        return instant(event.occurred_at)


@admin.register(Answer)
class AnswerAdmin(FactAdmin):
    """What customers answered."""

    list_display = ("survey", "score_pill", "customer", "comment", "when")
    list_filter = ("survey", "score")
    search_fields = ("=external_id", "=customer__external_id", "comment")
    search_help_text = _("Words of the comment, or the shop's id of the customer")
    list_select_related = ("customer",)
    ordering = ("-pk",)

    @admin.display(description=_("score"), ordering="score")
    def score_pill(self, answer: Answer) -> SafeString:
        """Return the score: 9 and 10 promote, 0 to 6 detract."""
        return pill(answer.score, "good" if answer.score >= 9 else "bad" if answer.score <= 6 else "warn")

    @admin.display(description=_("when"))
    def when(self, answer: Answer) -> str:
        """Return when it was given."""
        return instant(answer.answered_at)


@admin.register(Product)
class ProductAdmin(StudioAdmin):
    """Articles that a gesture can show."""

    list_display = ("sku", "__str__", "category", "stock")
    list_filter = ("category",)
    search_fields = ("sku", "names")
    ordering = ("sku",)
