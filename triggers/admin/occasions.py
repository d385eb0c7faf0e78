"""Occasions: who reached which moment, what was decided, and why."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import FactAdmin
from campaigns.admin.display import instant
from triggers.admin import why
from triggers.admin.words import REASONS, decision_pill, reason_words, state_pill
from triggers.models import Occasion


class ReasonFilter(admin.SimpleListFilter):
    """Filters by the reason, in words."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return every reason known."""
        return list(REASONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows kept with that reason."""
        return queryset.filter(reason=self.value()) if self.value() else queryset


class ReachedFilter(admin.DateFieldListFilter):
    """Filters by the moment's own date, in the words of the column."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("moment reached")


@admin.register(Occasion)
class OccasionAdmin(FactAdmin):
    """Occasions with their decisions."""

    list_display = ("customer", "campaign", "decided", "why", "due", "planned", "channel")
    list_filter = ("decision", ReasonFilter, "campaign", "channel", ("due_at", ReachedFilter))
    search_fields = ("=customer__external_id", "=customer__last_name", "=key")
    search_help_text = _("The shop's id of the customer, the last name, or the key of the occasion")
    list_select_related = ("customer", "campaign")
    ordering = ("-pk",)
    fields = (
        ("campaign", "customer"),
        ("decided", "why"),
        ("value", "free"),
        ("due", "planned", "fresh"),
        ("key", "order", "channel"),
        "decided_at",
        "messages",
        "findings_table",
    )
    readonly_fields = ("decided", "why", "free", "due", "planned", "fresh", "messages", "findings_table")

    def get_urls(self) -> list[URLPattern]:
        """Add the page that says why, or why not."""
        return [
            path("why/<int:customer>/", self.admin_site.admin_view(why.page), name="triggers_why"),
            *super().get_urls(),
        ]

    def heading(self, row: Occasion) -> str:
        """Return for example "Claire Petit · Birthday tea"."""
        return f"{row.customer} · {row.campaign}"

    @admin.display(description=_("decision"), ordering="decision")
    def decided(self, occasion: Occasion) -> SafeString:
        """Return the decision."""
        return decision_pill(occasion.decision)

    @admin.display(description=_("why?"), ordering="reason")
    def why(self, occasion: Occasion) -> str:
        """Return the reason in words."""
        if not occasion.reason:
            return "–"
        words = reason_words(occasion.reason)
        return words if occasion.decision == "skipped" else gettext("moved: %(why)s") % {"why": words}

    @admin.display(description=_("moment reached"), ordering="due_at")
    def due(self, occasion: Occasion) -> str:
        """Return the moment's own instant."""
        return instant(occasion.due_at)

    @admin.display(description=_("planned for"), ordering="slot_at")
    def planned(self, occasion: Occasion) -> str:
        """Return the slot after quiet hours and caps."""
        return instant(occasion.slot_at)

    @admin.display(description=_("not before"))
    def free(self, occasion: Occasion) -> str:
        """Return when what stopped it would have let it pass."""
        return instant(occasion.next_at)

    @admin.display(description=_("fresh until"))
    def fresh(self, occasion: Occasion) -> str:
        """Return the instant after which it is too late."""
        return instant(occasion.fresh_until)

    @admin.display(description=_("messages"))
    def messages(self, occasion: Occasion) -> SafeString | str:
        """Return its deliveries with their states."""
        rows = [
            (delivery.pk, delivery.get_channel_display(), state_pill(delivery.state), reason_words(delivery.reason))
            for delivery in occasion.deliveries.order_by("step")
        ]
        if not rows:
            return gettext("None: nobody was written to.")
        return format_html_join(" ", '<p><a href="../../../delivery/{}/change/">{}</a> {} {}</p>', rows)

    @admin.display(description=_("asked again just before sending"))
    def findings_table(self, occasion: Occasion) -> SafeString | str:
        """Return what the guards found at the fire permit."""
        rows = [
            (instant(finding.found_at), reason_words(finding.guard), finding.value, instant(finding.next_at))
            for finding in occasion.findings.all()
        ]
        if not rows:
            return gettext("Nothing stood in the way.")
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html(
            '<div class="scroll"><table class="data"><thead><tr><th scope="col">{}</th><th scope="col">{}</th>'
            '<th scope="col">{}</th><th scope="col">{}</th></tr></thead><tbody>{}</tbody></table></div>',
            gettext("when"),
            gettext("why not?"),
            gettext("value seen"),
            gettext("not before"),
            body,
        )
