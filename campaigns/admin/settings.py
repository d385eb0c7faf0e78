"""The shop with its senders and hours, tiers, key events and what acquisition cost."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import ModelForm, Stacked, StudioAdmin, with_currency
from campaigns.admin.display import money, number
from campaigns.admin.money_field import MoneyField
from campaigns.admin.spend_import import import_spend
from campaigns.models import BlackoutDay, ChannelCap, KeyEvent, PermittedHours, ReferralCode, Sender, Shop, Spend, Tier
from campaigns.models.fields import known_timezones


class SenderForm(ModelForm):
    """A sender, whose farewell may have several lines."""

    class Meta:
        model = Sender
        fields = ("language", "sms_from", "email_name", "email_address", "reply_to", "farewell")
        widgets: ClassVar = {"farewell": forms.Textarea(attrs={"rows": 3})}


class SenderInline(Stacked):
    """In whose name the shop writes, a language each."""

    model = Sender
    form = SenderForm
    extra = 0
    fields = (("language", "sms_from"), ("email_name", "email_address", "reply_to"), "farewell")


class HoursInline(Stacked):
    """When each channel may speak."""

    model = PermittedHours
    extra = 0
    fields = (("channel", "opens", "closes", "weekdays"), "closed_on_holidays")


class ChannelCapInline(Stacked):
    """Closer caps for one channel."""

    model = ChannelCap
    extra = 0
    fields = (("channel", "daily", "weekly", "monthly", "commercial"),)


class BlackoutDayInline(Stacked):
    """Days on which the shop keeps silent."""

    model = BlackoutDay
    extra = 0
    fields = (("day", "label"),)


class ShopForm(ModelForm):
    """The shop, its zone chosen from those that exist."""

    timezone = forms.ChoiceField(label=_("time zone"), choices=lambda: [(z, z) for z in sorted(known_timezones())])

    sms_price = MoneyField(
        label=_("price of an SMS segment"), help_text=_("What the provider bills, about: the daily limit counts it.")
    )
    sms_daily_budget = MoneyField(
        label=_("SMS budget a day"), help_text=_("What would cost more waits for the next day; 0 sets no limit.")
    )

    class Meta:
        model = Shop
        exclude = ("sending_stopped",)


@admin.register(Shop)
class ShopAdmin(StudioAdmin):
    """The installation's only shop: its list is its form."""

    form = ShopForm
    inlines = (SenderInline, HoursInline, ChannelCapInline, BlackoutDayInline)
    fieldsets = (
        (None, {"fields": ("name", "website", "postal_address")}),
        (_("Country, language, money"), {"fields": (("country", "language", "currency"), "timezone")}),
        (
            _("Dose"),
            {
                "fields": (("daily_cap", "weekly_cap"), ("monthly_cap", "commercial_cap"), "survey_rest_days"),
                "description": _(
                    "How much one customer is told, over all campaigns and what other tools report. "
                    "Service messages count for none and wait for none."
                ),
            },
        ),
        (_("Dates"), {"fields": (("leap_day", "birth_date_lock_days"),)}),
        (_("Cost of SMS"), {"fields": (("sms_price", "sms_daily_budget"),)}),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Open the only row straight."""
        return redirect("admin:campaigns_shop_change", Shop.get().pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """And it stays."""
        return False


class TierForm(ModelForm):
    """A tier whose money threshold is written as an amount."""

    class Meta:
        model = Tier
        fields = ("name", "slug", "basis", "period", "threshold", "rank")


@admin.register(Tier)
class TierAdmin(StudioAdmin):
    """The steps of the loyalty programme."""

    form = TierForm
    list_display = ("name", "basis", "period", "from_words", "rank", "slug")
    list_filter = ("basis", "period")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the tiers with the shop's currency beside each."""
        return with_currency(super().get_queryset(request))

    @admin.display(description=_("from"), ordering="threshold")
    def from_words(self, tier: Any) -> str:
        """Return the threshold as an amount or a number."""
        return money(tier.threshold, tier.currency) if tier.basis == Tier.Basis.SPENT else number(tier.threshold)


@admin.register(KeyEvent)
class KeyEventAdmin(StudioAdmin):
    """Events that count."""

    list_display = ("name", "label", "kind", "rank")
    list_filter = ("kind",)
    search_fields = ("name", "label")
    ordering = ("kind", "rank", "name")


@admin.register(ReferralCode)
class ReferralCodeAdmin(StudioAdmin):
    """Customers' own codes: a first order with one of them is a referral of its owner."""

    list_display = ("code", "customer")
    search_fields = ("code", "=customer__external_id")
    list_select_related = ("customer",)
    raw_id_fields = ("customer",)
    ordering = ("code",)


class SpendForm(ModelForm):
    """A week's spend, written as an amount."""

    amount = MoneyField(label=_("amount"))

    class Meta:
        model = Spend
        fields = ("week", "channel", "amount")

    def clean_week(self) -> Any:
        """Return the Monday of the week of the date given."""
        week = self.cleaned_data["week"]
        if week.isoweekday() != 1:
            raise forms.ValidationError(_("A week begins on a Monday; this date is none."))
        return week


@admin.register(Spend)
class SpendAdmin(StudioAdmin):
    """What acquisition cost, week by week."""

    form = SpendForm
    change_list_template = "admin/campaigns/spend/change_list.html"
    list_display = ("week", "channel", "amount_money")
    list_filter = ("channel",)
    search_fields = ("channel",)
    ordering = ("-week", "channel")
    date_hierarchy = "week"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the weeks with the shop's currency beside each."""
        return with_currency(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        """Add the address at which a CSV file is read."""
        imported = path("import/", self.admin_site.admin_view(import_spend), name="campaigns_spend_import")
        return [imported, *super().get_urls()]

    @admin.display(description=_("amount"), ordering="amount")
    def amount_money(self, spend: Any) -> str:
        """Return the amount."""
        return money(spend.amount, spend.currency)
