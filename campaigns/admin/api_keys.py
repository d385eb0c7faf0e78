"""API keys, made in the browser too: the key itself is shown once and never kept."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import ModelForm, StudioAdmin
from campaigns.admin.display import instant, pill
from campaigns.api.authentication import make_key
from campaigns.models import ApiKey


class ApiKeyForm(ModelForm):
    """A key's name, what it may do, and until when."""

    scopes = forms.MultipleChoiceField(
        label=_("it may"), choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(StudioAdmin):
    """Keys: made, shown once, revoked; never edited."""

    form = ApiKeyForm
    fields = ("name", "scopes", "expires_at")
    list_display = ("name", "prefix", "state", "may", "made", "used")
    search_fields = ("name", "=prefix")
    ordering = ("-created_at",)
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is never edited; whoever may delete keys may revoke them."""
        return obj is None and super().has_change_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the key and show it, this once."""
        made, text = make_key(obj.name, form.cleaned_data["scopes"], expires_at=obj.expires_at)
        obj.pk = made.pk
        obj.prefix = made.prefix
        words = gettext("Copy the key now, it cannot be shown again:")
        messages.warning(request, format_html("{} <code>{}</code>", words, text))

    @admin.action(description=_("Revoke the keys chosen"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the chosen keys open nothing any more."""
        revoked = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        messages.success(request, gettext("Keys revoked: %(count)d") % {"count": revoked})

    @admin.display(description=_("state"))
    def state(self, key: ApiKey) -> SafeString:
        """Return whether it still opens."""
        if key.revoked_at:
            return pill(_("revoked"), "bad")
        if key.expires_at and key.expires_at <= timezone.now():
            return pill(_("expired"), "warn")
        return pill(_("in use"), "good")

    @admin.display(description=_("it may"))
    def may(self, key: ApiKey) -> str:
        """Return its scopes in words."""
        labels = dict(ApiKey.Scope.choices)
        return ", ".join(str(labels.get(scope, scope)) for scope in key.scopes)

    @admin.display(description=_("made"), ordering="created_at")
    def made(self, key: ApiKey) -> str:
        """Return when it was made."""
        return instant(key.created_at)

    @admin.display(description=_("last used"), ordering="last_used_at")
    def used(self, key: ApiKey) -> str:
        """Return when it was last used."""
        return instant(key.last_used_at)
