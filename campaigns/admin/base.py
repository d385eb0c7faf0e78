"""What the studio's lists and forms have in common: quick lists, and facts that nobody edits here."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet, Value
from django.http import HttpRequest

from campaigns.models import Shop

# Django's admin classes are generic for the type checker alone.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    Tabular = admin.TabularInline[Any, Any]
    Stacked = admin.StackedInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    Tabular = admin.TabularInline
    Stacked = admin.StackedInline
    ModelForm = forms.ModelForm


class StudioAdmin(ModelAdmin):
    """A model's pages, whose lists stay quick over millions of rows: no second count, no facets."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER


class FactAdmin(StudioAdmin):
    """Pages to read: facts come from the shop and ledgers from verbs, so there are no forms."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes here."""
        return False


def with_currency(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Return `rows` each carrying the shop's `currency`, so that a list of amounts asks for it once."""
    priced: QuerySet[Any] = rows.annotate(currency=Value(Shop.get().currency))
    return priced
