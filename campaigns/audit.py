"""The audit log's one way in, and the triggers that leave it no other way."""

from datetime import datetime
from typing import Any, Final

from django.db.models import Model, Q, QuerySet

from campaigns.models import AuditEntry, Campaign

SYSTEM: Final = ""

_WORDS: Final = "the audit log is append-only"
# For the migrations: what makes the database itself refuse every change. TRUNCATE is left to its owner.
REFUSE: Final[dict[str, tuple[str, ...]]] = {
    "postgresql": (
        "CREATE FUNCTION campaigns_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$",
        "CREATE TRIGGER campaigns_audit_append_only BEFORE UPDATE OR DELETE ON campaigns_auditentry"
        " FOR EACH ROW EXECUTE FUNCTION campaigns_audit_append_only()",
    ),
    "sqlite": tuple(
        f"CREATE TRIGGER campaigns_audit_no_{verb} BEFORE {verb} ON campaigns_auditentry"
        f" BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
        for verb in ("update", "delete")
    ),
}
ALLOW: Final[dict[str, tuple[str, ...]]] = {
    "postgresql": (
        "DROP TRIGGER campaigns_audit_append_only ON campaigns_auditentry",
        "DROP FUNCTION campaigns_audit_append_only()",
    ),
    "sqlite": tuple(f"DROP TRIGGER campaigns_audit_no_{verb}" for verb in ("update", "delete")),
}


def note(action: AuditEntry.Action, subject: Model, *, by: str, now: datetime, **detail: Any) -> AuditEntry:
    """Write down that `by` did `action` to `subject` at `now`; in the transaction that does it."""
    return AuditEntry.objects.create(
        at=now,
        actor=by[:150],
        action=action,
        kind=subject._meta.model_name or "",
        subject_id=subject.pk,
        subject=str(subject)[:200],
        detail=detail,
    )


def about(campaign: Campaign) -> QuerySet[AuditEntry]:
    """Return what was done to a campaign, its moment and its gesture, the latest first."""
    return AuditEntry.objects.filter(
        Q(kind="campaign", subject_id=campaign.pk)
        | Q(kind="journeymoment", subject_id=campaign.moment_id)
        | Q(kind="gesturetemplate", subject_id=campaign.gesture_id)
    )
