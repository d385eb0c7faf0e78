"""What the studio's lists and forms have in common: quick lists, and facts that nobody edits here."""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import widgets
from django.db import models
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.utils.translation import gettext as _

from campaigns import audit, clock
from campaigns.launch import void_edited_approvals
from campaigns.models import AuditEntry, Campaign, GestureTemplate, JourneyMoment, Shop

# Django's admin classes are generic for the type checker alone.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    Stacked = admin.StackedInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    Stacked = admin.StackedInline
    ModelForm = forms.ModelForm


# What an approver sees of a campaign.
APPROVED_TOGETHER: Final = (Campaign, GestureTemplate, JourneyMoment)


class StudioAdmin(ModelAdmin):
    """A model's pages, whose lists stay quick over millions of rows: no second count, no facets."""

    audited = True
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    formfield_overrides = {models.URLField: {"widget": forms.URLInput(attrs={"class": "vURLField"})}}

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store the rest of the form; an edit of what was approved voids the approval, and says so."""
        super().save_related(request, form, formsets, change)
        by = request.user.get_username()
        if self.model in APPROVED_TOGETHER and void_edited_approvals(by=by, now=clock.now()):
            messages.warning(request, _("This edit voids an approval: have the campaign approved again."))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Note in the audit log who made it."""
        self._note(request, AuditEntry.Action.CREATED, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Note in the audit log who changed what of it."""
        if message:
            self._note(request, AuditEntry.Action.EDITED, obj, changes=message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Note in the audit log who deleted them."""
        for row in queryset:
            self._note(request, AuditEntry.Action.DELETED, row)
        return super().log_deletions(request, queryset)

    def _note(self, request: HttpRequest, action: AuditEntry.Action, row: Any, **detail: Any) -> None:
        # A customer's page names a person: the log is not about them.
        if self.audited:
            audit.note(action, row, by=request.user.get_username(), now=clock.now(), **detail)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Offer one way to save: fewer buttons, fewer doubts."""
        fewer = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, {**fewer, **(extra_context or {})})

    def heading(self, row: Any) -> str:
        """Return the title of a row's page."""
        return str(row)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Show the row's own name above its page."""
        row = context.get("original")
        if row is not None:
            context["heading"] = self.heading(row)
        return super().render_change_form(request, context, *args, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave related rows to their own pages, except to add one."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, widgets.RelatedFieldWidgetWrapper):
            field.widget.can_change_related = False
            field.widget.can_delete_related = False
            field.widget.can_view_related = False
        return field


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
