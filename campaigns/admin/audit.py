"""The audit log's page, and a campaign's own part of it: who did what when."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import audit
from campaigns.admin.base import FactAdmin
from campaigns.admin.display import instant
from campaigns.models import AuditEntry, Campaign
from campaigns.pauses import PauseReason

_SHOWN: Final = 30
_Action = AuditEntry.Action
# What takes a draft on, or makes a campaign one again.
_TO_DRAFT_AND_ON: Final = (_Action.SUBMITTED, _Action.APPROVED, _Action.VOIDED, _Action.SENT_BACK)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a campaign's history."""

    at: datetime
    who: str
    what: str
    detail: str


def history(campaign: Campaign) -> list[Line]:
    """Return the latest that was done to the campaign, its moment and its gesture, the newest first."""
    return [_line(entry) for entry in audit.about(campaign)[:_SHOWN]]


def sent_back(campaign: Campaign) -> Line | None:
    """Return the line of a draft's history that sent it back, with the reason; None where it was not, or since then
    was submitted, approved or voided."""
    if campaign.status != Campaign.Status.DRAFT:
        return None
    last = AuditEntry.objects.filter(kind="campaign", subject_id=campaign.pk, action__in=_TO_DRAFT_AND_ON).first()
    return _line(last) if last and last.action == AuditEntry.Action.SENT_BACK else None


def _line(entry: AuditEntry) -> Line:
    return Line(entry.at, actor_words(entry), action_words(entry), detail_words(entry))


def actor_words(entry: AuditEntry) -> str:
    """Return who did it."""
    return entry.actor or gettext("the system, by itself")


def action_words(entry: AuditEntry) -> str:
    """Return what was done, and on what where that is not the campaign itself."""
    done = entry.get_action_display()
    return done if entry.kind == "campaign" else f"{done}: {entry.subject}"


def detail_words(entry: AuditEntry) -> str:
    """Return what else is known of it, in words."""
    detail = entry.detail
    if detail.get("own"):
        return gettext("by their own author: nobody else may approve here")
    if why := detail.get("why"):
        return str(why)
    if reason := detail.get("reason"):
        return str(PauseReason(reason).label)
    if share := detail.get("share"):
        return f"{float(share) * 100:g} %"
    if changes := detail.get("changes"):
        return LogEntry(change_message=json.dumps(changes)).get_change_message()
    return ", ".join(detail.get("fields", ()))


@admin.register(AuditEntry)
class AuditEntryAdmin(FactAdmin):
    """Everything that people, keys and the system itself did; nobody can change it."""

    list_display = ("when", "who", "what", "subject", "more")
    list_display_links = None
    list_filter = ("action", "kind")
    search_fields = ("=actor", "subject")
    ordering = ("-pk",)

    @admin.display(description=_("when"))
    def when(self, entry: Any) -> str:
        """Return the instant."""
        return instant(entry.at)

    @admin.display(description=_("by"))
    def who(self, entry: Any) -> str:
        """Return who did it."""
        return actor_words(entry)

    @admin.display(description=_("what"))
    def what(self, entry: Any) -> str:
        """Return what was done."""
        return str(entry.get_action_display())

    @admin.display(description=_("detail"))
    def more(self, entry: Any) -> str:
        """Return what else is known."""
        return detail_words(entry)
