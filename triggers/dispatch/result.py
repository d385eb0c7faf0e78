"""Last step: what came of the calls, one commit a sub-batch; one lost before it leaves `sending` to the sweeper."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.consent import refuse, suppress
from campaigns.models import Shop, Suppression
from campaigns.pauses import PauseReason
from triggers.auto_pause import watch
from triggers.channels import SendResult, Verdict, provider_of
from triggers.claimed import Claimed
from triggers.dispatch import circuit, sms_budget
from triggers.dispatch.attempts import Closing, close_attempts
from triggers.dispatch.send import Answered
from triggers.models import Delivery, Outcome, State

logger = logging.getLogger(__name__)

BACK_OFF: Final = timedelta(seconds=30)
STALE: Final = "stale"
# How long an unknown delivery waits for evidence (triggers/sweeper.py ends it).
EVIDENCE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Becomes:
    outcome: Outcome
    state: State


_BECOMES: Final[dict[Verdict, _Becomes]] = {
    Verdict.ACCEPTED: _Becomes(Outcome.ACCEPTED, State.ACCEPTED),
    Verdict.NOT_BEGUN: _Becomes(Outcome.REFUSED, State.PLANNED),
    Verdict.LATER: _Becomes(Outcome.REFUSED, State.PLANNED),
    Verdict.SETTINGS: _Becomes(Outcome.REFUSED, State.PLANNED),
    Verdict.BAD_ADDRESS: _Becomes(Outcome.FAILED, State.FAILED),
    Verdict.BAD_MESSAGE: _Becomes(Outcome.FAILED, State.FAILED),
    Verdict.OPTED_OUT: _Becomes(Outcome.FAILED, State.FAILED),
    Verdict.UNKNOWN: _Becomes(Outcome.UNKNOWN, State.UNKNOWN),
}


_SPEAK_AGAINST: Final = {Verdict.BAD_MESSAGE: PauseReason.REFUSALS, Verdict.BAD_ADDRESS: PauseReason.BOUNCES}


def record(answered: Sequence[Answered], now: datetime) -> None:
    """Store the outcomes of one sub-batch of calls in one transaction, business time `now`."""
    with transaction.atomic():
        close_attempts([_closing(one) for one in answered], timezone.now())
        _move(answered, now)
        _heed(answered, now)
        by_provider: dict[str, list[SendResult]] = defaultdict(list)
        for one in answered:
            by_provider[provider_of(one.draft.delivery.channel)].append(one.result)
        for provider, results in by_provider.items():
            circuit.note(provider, results)
        _watch(answered, now)


def _closing(one: Answered) -> Closing:
    result = one.result
    outcome = _BECOMES[result.verdict].outcome
    words = map(_storable, (result.provider_id, result.code[:40], result.detail))
    return Closing(one.draft.message.attempt_id, outcome.value, *words)


def _storable(words: str) -> str:
    """Return a provider's words without what PostgreSQL refuses: for one of them all answers of a batch were lost."""
    return words.encode("utf-8", "replace").decode().replace("\0", "")


def _move(answered: Sequence[Answered], now: datetime) -> None:
    ended: dict[Verdict, list[Claimed]] = defaultdict(list)
    refused: dict[tuple[Verdict, int], list[Claimed]] = defaultdict(list)
    for one in answered:
        delivery, verdict = one.draft.delivery, one.result.verdict
        if _BECOMES[verdict].state is State.PLANNED:
            refused[verdict, delivery.refusals].append(delivery)
        else:
            ended[verdict].append(delivery)
    for verdict, deliveries in ended.items():
        _end(deliveries, verdict)
    unsent = [one.draft for one in answered if _BECOMES[one.result.verdict].state is State.PLANNED]
    if unsent:
        sms_budget.take_off(unsent, Shop.get(), now)
    for (verdict, refusals), deliveries in refused.items():
        _again(deliveries, verdict, refusals, now)


def _end(deliveries: Sequence[Claimed], verdict: Verdict) -> None:
    state = _BECOMES[verdict].state
    _ours(deliveries, State.SENDING, State.UNKNOWN).update(
        state=state,
        reason=verdict.value if state is State.FAILED else "",
        lease_until=Now() + EVIDENCE if state is State.UNKNOWN else None,
    )


def _again(deliveries: Sequence[Claimed], verdict: Verdict, refusals: int, now: datetime) -> None:
    """Put provably unsent deliveries back, or skip those that would be stale by then; they have not spoken."""
    unspoken = {"claim": None, "lease_until": None, "spoken_on": None, "permitted_at": None, "address_key": ""}
    if verdict is Verdict.NOT_BEGUN:
        _ours(deliveries, State.SENDING).update(state=State.PLANNED, **unspoken)
        return
    next_at = now + BACK_OFF * 2 ** min(refusals, 20)
    fresh = [delivery for delivery in deliveries if delivery.fresh_until >= next_at]
    stale = [delivery for delivery in deliveries if delivery.fresh_until < next_at]
    counted = 0 if verdict is Verdict.SETTINGS else 1
    _ours(fresh, State.SENDING).update(
        state=State.PLANNED, not_before=next_at, refusals=F("refusals") + counted, **unspoken
    )
    _ours(stale, State.SENDING).update(state=State.SKIPPED, reason=STALE, **unspoken)


def _ours(deliveries: Sequence[Claimed], *states: State) -> QuerySet[Delivery]:
    """Return those of `deliveries` (of one batch) that still carry this worker's token."""
    tokens = {delivery.claim for delivery in deliveries}
    return Delivery.objects.filter(
        pk__among={delivery.pk for delivery in deliveries}, state__in=states, claim__in=tokens
    )


def _watch(answered: Sequence[Answered], now: datetime) -> None:
    """Ask whether what was refused speaks against its campaigns: the next permit must know."""
    for verdict, rule in _SPEAK_AGAINST.items():
        campaigns = {one.draft.delivery.campaign_id for one in answered if one.result.verdict is verdict}
        if campaigns:
            watch(now, campaigns, rule)


def _heed(answered: Sequence[Answered], now: datetime) -> None:
    """Close the addresses that do not exist, and keep the word of those who said no to the provider."""
    for one in answered:
        delivery = one.draft.delivery
        if one.result.verdict is Verdict.BAD_ADDRESS:
            suppress(delivery.channel, delivery.address_key, Suppression.Reason.BOUNCED, now)
        elif one.result.verdict is Verdict.OPTED_OUT:
            source = provider_of(delivery.channel)
            refuse(delivery.channel, delivery.address_key, Suppression.Reason.STOPPED, source=source, now=now)
