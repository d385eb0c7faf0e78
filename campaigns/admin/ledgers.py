"""Consents and closed addresses: ledgers to read, to which a person adds only through the verbs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import clock
from campaigns.address import address_key
from campaigns.admin.base import FactAdmin, ModelForm, StudioAdmin
from campaigns.admin.display import instant, pill
from campaigns.consent import lift, suppress
from campaigns.models import ChannelName, Consent, Suppression


@admin.register(Consent)
class ConsentAdmin(FactAdmin):
    """The words customers gave; a new one is recorded on the customer's page."""

    list_display = ("customer", "channel", "word", "source", "given")
    list_filter = ("channel", "granted")
    search_fields = ("=customer__external_id", "=source")
    search_help_text = _("The shop's id of the customer, or the source")
    list_select_related = ("customer",)
    ordering = ("-pk",)

    @admin.display(description=_("word given"), ordering="granted")
    def word(self, consent: Consent) -> SafeString:
        """Return yes or no."""
        return pill(_("agreed"), "good") if consent.granted else pill(_("refused"), "bad")

    @admin.display(description=_("given"))
    def given(self, consent: Consent) -> str:
        """Return when it was given."""
        return instant(consent.given_at)


class SuppressionForm(ModelForm):
    """An address to close; only its keyed hash is kept."""

    address = forms.CharField(
        label=_("address"), max_length=254, help_text=_("An e-mail address, or a phone like +33639980001.")
    )

    class Meta:
        model = Suppression
        fields = ("channel",)

    def clean(self) -> dict[str, Any]:
        """Check that the address fits the channel."""
        super().clean()
        address, channel = self.cleaned_data.get("address", ""), self.cleaned_data.get("channel")
        if channel == ChannelName.EMAIL:
            try:
                validate_email(address)
            except ValidationError as error:
                self.add_error("address", error)
        elif channel == ChannelName.SMS and not (address.startswith("+") and address[1:].isdigit()):
            self.add_error("address", gettext("Write the phone with its country, like +33639980001."))
        return self.cleaned_data


@admin.register(Suppression)
class SuppressionAdmin(StudioAdmin):
    """Addresses that are never written to."""

    audited = False
    form = SuppressionForm
    fields = ("channel", "address")
    list_display = ("channel", "why", "since", "begins")
    list_filter = ("channel", "reason")
    search_fields = ("address_key",)
    search_help_text = _("A whole e-mail address or phone")
    ordering = ("-pk",)
    actions = ("open_again",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A closed address is opened or left."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Opening again is its own action."""
        return False

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find an address by its keyed hash."""
        return (queryset.filter(address_key=address_key(search_term)) if search_term else queryset), False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Close the address."""
        key = address_key(form.cleaned_data["address"])
        suppress(obj.channel, key, Suppression.Reason.BY_HAND, clock.now())
        obj.pk = Suppression.objects.get(channel=obj.channel, address_key=key).pk

    @admin.action(description=_("Open the addresses chosen again"), permissions=["add"])
    def open_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Open the chosen addresses; consent is not given back by this."""
        opened = sum(lift(row.channel, row.address_key) for row in queryset)
        messages.success(request, gettext("Addresses opened again: %(count)d") % {"count": opened})

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, row: Suppression) -> SafeString:
        """Return the reason."""
        return pill(row.get_reason_display(), "bad")

    @admin.display(description=_("since"), ordering="created_at")
    def since(self, row: Suppression) -> str:
        """Return since when."""
        return instant(row.created_at)

    @admin.display(description=_("hash"))
    def begins(self, row: Suppression) -> str:
        """Return how its keyed hash begins: the address itself is not kept."""
        return f"{row.address_key[:8]}…"
