"""Approval: bound to a hash of what the approver saw, and never one's own work where somebody else may look."""

import hashlib
import json
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from campaigns import audit
from campaigns.models import ApiKey, AuditEntry, Campaign, GestureTemplate

PERMISSION = "campaigns.approve_campaign"
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_API = "API: "


def content_hash(campaign: Campaign) -> str:
    """Return the SHA-256 of what an approver saw: texts, audience, rule, channels, holdout and measurement."""
    moment, gesture = campaign.moment, campaign.gesture
    seen: dict[str, Any] = {
        "kind": moment.kind,
        "rule": moment.rule,
        "purpose": gesture.purpose,
        "missing_language": gesture.missing_language,
        "texts": [
            row[:-1] if row[-1] == 1 else row
            for row in map(
                list,
                gesture.variants.order_by("channel", "language", "rank").values_list(
                    "channel", "language", "subject", "preheader", "body", "rank"
                ),
            )
        ],
        "channels": campaign.channels,
        "audience": campaign.audience,
        "priority": campaign.priority,
        "holdout_share": f"{launch_holdout(campaign):.3f}",
        "macro_conversion": campaign.macro_conversion,
        "days": [campaign.before_after_days, campaign.attribution_days],
        "utm": campaign.utm,
    }
    # Left out where they are not used, so that what was approved before they existed stays approved.
    seen |= {
        name: value
        for name, value in (
            ("absorbs", sorted(campaign.absorbs.values_list("slug", flat=True))),
            ("even_in_trouble", campaign.even_in_trouble),
            ("promised", campaign.promised),
        )
        if value
    }
    text = json.dumps(seen, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def launch_holdout(campaign: Campaign) -> Decimal:
    """Return the share held out from launch on: a service message or a promised benefit is owed to everyone."""
    owed = campaign.promised or campaign.gesture.purpose == GestureTemplate.Purpose.SERVICE
    return Decimal(0) if owed else Decimal(campaign.holdout_share)


def approval_stands(campaign: Campaign) -> bool:
    """Whether the campaign is approved as it now is; any edit of what the approver saw voids the approval."""
    return bool(campaign.approved_hash) and campaign.approved_hash == content_hash(campaign)


def actor_of_key(key: ApiKey) -> str:
    """Return the name under which an API key acts."""
    return f"{_API}{key.name}"


def wrote(campaign: Campaign, actor: str) -> bool:
    """Whether `actor` wrote or submitted what is now to be approved: since its last approval, or ever where that was
    withdrawn by sending the campaign back."""
    done = audit.about(campaign)
    verdicts = done.filter(kind="campaign", action__in=(AuditEntry.Action.APPROVED, AuditEntry.Action.SENT_BACK))
    last = verdicts.first()
    approved = last.pk if last and last.action == AuditEntry.Action.APPROVED else 0
    own = (AuditEntry.Action.CREATED, AuditEntry.Action.EDITED, AuditEntry.Action.SUBMITTED)
    return done.filter(actor=actor, action__in=own, pk__gt=approved).exists()


def others_may_approve(actor: str) -> bool:
    """Whether anybody but `actor` could approve: a person with the permission, or another API key that may run."""
    people = User.objects.with_perm(PERMISSION, backend=_BACKEND).filter(is_staff=True)
    if people.exclude(username=actor).exists():
        return True
    now = timezone.now()
    live = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
    return actor.startswith(_API) and any(ApiKey.Scope.RUN in key.scopes and actor_of_key(key) != actor for key in live)
