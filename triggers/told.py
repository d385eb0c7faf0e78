"""Why, why not and what comes next in words, and as the API writes it."""

from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy

from campaigns.models import ChannelName
from campaigns.moment_kinds import moment_kind, parse_rule
from triggers.admin.words import reason_words
from triggers.why import Upcoming, Verdict, Why
from triggers.why.answers import GuardAnswer
from triggers.why.moments import Reach

_SENTENCES: Final = {
    Verdict.SENT: gettext_lazy("The gesture went out."),
    Verdict.PLANNED: gettext_lazy("It is planned and waits for its hour."),
    Verdict.FAILED: gettext_lazy("It did not arrive: %(reason)s."),
    Verdict.STOPPED: gettext_lazy("It was planned, and stopped just before it was sent: %(reason)s."),
    Verdict.HELD_OUT: gettext_lazy(
        "The customer is in the control group: left alone on purpose, so that the report can tell what the gesture "
        "changes."
    ),
    Verdict.SKIPPED: gettext_lazy("The moment came, and nothing was sent: %(reason)s."),
    Verdict.NOT_RUNNING: gettext_lazy("The campaign does not run."),
    Verdict.OUTSIDE: gettext_lazy("The customer is not in the audience."),
    Verdict.NOT_REACHED: gettext_lazy("The customer has not reached the moment."),
    Verdict.BEFORE_LAUNCH: gettext_lazy("The moment came before the campaign was launched."),
    Verdict.AHEAD: gettext_lazy("The moment is still to come."),
}


def sentence(answer: Why) -> str:
    """Return the one sentence that says why, or why not."""
    reason = reason_words(answer.reason) if answer.reason else gettext("no reason was kept")
    return str(_SENTENCES[answer.verdict]) % {"reason": reason}


def moment_sentence(answer: Why) -> str:
    """Return the campaign's moment in words."""
    moment = answer.campaign.moment
    return moment_kind(moment.kind).sentence(parse_rule(moment.kind, moment.rule))


def told(answer: Why) -> dict[str, Any]:
    """Return the answer as the API writes it."""
    return {
        "campaign": answer.campaign.slug,
        "customer": answer.customer.external_id,
        "at": answer.at.isoformat(),
        "verdict": answer.verdict.value,
        "reason": answer.reason,
        "sentence": sentence(answer),
        "next_at": answer.next_at.isoformat() if answer.next_at else None,
        "moment": {
            "sentence": moment_sentence(answer),
            "last": _reach(answer.last),
            "next": _reach(answer.coming),
        },
        "audience": {
            "inside": answer.inside,
            "conditions": [{"sentence": leaf.sentence, "holds": leaf.holds} for leaf in answer.audience],
        },
        "guards": list(map(_guard, answer.guards)),
        "decisions": [_decision(occasion) for occasion in answer.decisions],
    }


def _reach(reach: Reach | None) -> dict[str, Any] | None:
    if reach is None:
        return None
    return {"key": reach.key, "due_at": reach.due_at.isoformat(), "fresh_until": reach.fresh_until.isoformat()}


def _guard(guard: GuardAnswer) -> dict[str, Any]:
    return {
        "guard": guard.guard,
        "channel": guard.channel,
        "content": guard.content,
        "seen": guard.seen,
        "next_at": guard.next_at.isoformat() if guard.next_at else None,
    }


def _decision(occasion: Any) -> dict[str, Any]:
    return {
        "key": occasion.key,
        "decided_at": occasion.decided_at.isoformat(),
        "decision": occasion.decision,
        "reason": occasion.reason,
        "seen": occasion.value,
        "next_at": occasion.next_at.isoformat() if occasion.next_at else None,
        "channel": occasion.channel,
        "due_at": occasion.due_at.isoformat(),
        "planned_for": occasion.slot_at.isoformat(),
        "fresh_until": occasion.fresh_until.isoformat(),
        "messages": [
            {
                "channel": delivery.channel,
                "state": delivery.state,
                "reason": delivery.reason,
                "sent_at": delivery.permitted_at.isoformat() if delivery.permitted_at else None,
            }
            for delivery in occasion.deliveries.all()
        ],
        "findings": [
            {
                "guard": finding.guard,
                "seen": finding.value,
                "found_at": finding.found_at.isoformat(),
                "next_at": finding.next_at.isoformat() if finding.next_at else None,
            }
            for finding in occasion.findings.all()
        ],
    }


def told_upcoming(gesture: Upcoming) -> dict[str, Any]:
    """Return one gesture to come as the API writes it."""
    return {
        "campaign": gesture.campaign.slug,
        "name": gesture.campaign.name,
        "key": gesture.key,
        "due_at": gesture.due_at.isoformat(),
        "at": gesture.at.isoformat(),
        "decision": gesture.decision,
        "reason": gesture.reason,
        "channel": gesture.channel,
        "planned": gesture.planned,
    }


def channel_words(channel: str) -> str:
    """Return a channel in words; '' for none."""
    return str(ChannelName(channel).label) if channel else ""
