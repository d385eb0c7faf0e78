"""Third step, the fire permit: one transaction that looks again and, where nothing forbids it, takes the shot's place.

After its commit a delivery counts as spoken. Before it, nothing has left; after it, nobody else will call for it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When

from campaigns.models import ChannelName, Customer, Shop
from campaigns.pauses import PauseReason
from triggers import epoch
from triggers.auto_pause import watch
from triggers.channels import provider_of
from triggers.claimed import Claimed
from triggers.dispatch.attempts import Opening, insert_attempts
from triggers.dispatch.claim import give_back, lease_until
from triggers.dispatch.compose import RENDER_FAILED, Draft, Misfit
from triggers.dispatch.sms_budget import over_budget
from triggers.guards import Finding, permit_findings
from triggers.local_time import civil_day, zone_of
from triggers.models import Delivery, Epoch, GuardFinding, State, Volume


def permit(drafts: Sequence[Draft], misfits: Sequence[Misfit], now: datetime, *, counted: bool = True) -> list[Draft]:
    """Return those of `drafts` that may and must now be sent, each exactly once, all with an Attempt on record.

    The others were put back, moved or skipped, with what the guards found. A rehearsal, of which nothing leaves, is not
    `counted` outside of the database.
    """
    with transaction.atomic():
        shop = Shop.get()
        unchanged, changed = _locked(drafts)
        _skip(misfits, now)
        found = permit_findings([draft.delivery for draft in unchanged], now, shop=shop)
        found |= _perhaps_sent_before(unchanged)
        found |= over_budget([draft for draft in unchanged if draft.delivery.pk not in found], shop, now)
        give_back([draft.delivery for draft in changed])
        _obey([(draft.delivery, found[draft.delivery.pk]) for draft in unchanged if draft.delivery.pk in found], now)
        fired = _fire([draft for draft in unchanged if draft.delivery.pk not in found], now, shop)
        _count(Counter(draft.delivery.campaign_id for draft in fired), now)
        insert_attempts([_opening(draft) for draft in fired], now)
        if fired and counted:
            epoch.advance()
    return fired


def _perhaps_sent_before(drafts: Sequence[Draft]) -> dict[int, Finding]:
    """Return a finding for each that a database lost since, of which this one is a backup, may have sent.

    One planned before that was due then; one planned since is about a moment of then.
    """
    lost_until = Epoch.objects.filter(lost_until__isnull=False).values_list("lost_until", flat=True).first()
    if lost_until is None:
        return {}
    # A person who sends one again has decided about it.
    deliveries = [draft.delivery for draft in drafts if draft.resend_of is None]
    perhaps = [
        delivery.pk
        for delivery in deliveries
        if (delivery.not_before if delivery.created_at <= lost_until else delivery.due_at) <= lost_until
    ]
    return {pk: Finding(epoch.RESTORED) for pk in perhaps}


def _locked(drafts: Sequence[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Lock the customers and all who share an address with them, until the commit; split off those whose address has
    changed since it was written into the message.

    Two workers that hold one customer's messages (or two profiles of one mailbox) pass here one after the other, so
    the second one's guards see what the first one fired.
    """
    deliveries = [draft.delivery for draft in drafts]
    emails = {delivery.email_key for delivery in deliveries} - {""}
    phones = {delivery.phone_key for delivery in deliveries} - {""}
    locked = (
        Customer.objects.select_for_update()
        .filter(
            Q(pk__among={delivery.customer_id for delivery in deliveries})
            | (Q(email_key__among=emails) & ~Q(email_key=""))
            | (Q(phone_key__among=phones) & ~Q(phone_key=""))
        )
        .order_by("pk")
        .values_list("pk", "email", "phone")
    )
    addresses = {pk: {ChannelName.EMAIL: email, ChannelName.SMS: phone} for pk, email, phone in locked}
    unchanged: list[Draft] = []
    changed: list[Draft] = []
    for draft in drafts:
        now_at = addresses.get(draft.delivery.customer_id, {}).get(ChannelName(draft.delivery.channel))
        (unchanged if now_at == draft.message.recipient else changed).append(draft)
    return unchanged, changed


def _obey(findings: Sequence[tuple[Claimed, Finding]], now: datetime) -> None:
    """Move or skip what the guards found, and keep why."""
    moved: dict[tuple[str, datetime], list[Claimed]] = defaultdict(list)
    skipped: dict[str, list[Claimed]] = defaultdict(list)
    for delivery, finding in findings:
        if finding.next_at is not None:
            moved[finding.guard, finding.next_at].append(delivery)
        else:
            skipped[finding.guard].append(delivery)
    for (guard, next_at), deliveries in moved.items():
        _ours(deliveries).update(
            state=State.PLANNED, reason=guard, not_before=next_at, claim=None, claims=0, lease_until=None
        )
    for reason, deliveries in skipped.items():
        _ours(deliveries).update(state=State.SKIPPED, reason=reason, claim=None, lease_until=None)
    GuardFinding.objects.bulk_create(
        GuardFinding(
            occasion_id=delivery.occasion_id,
            guard=finding.guard,
            value=finding.value,
            found_at=now,
            next_at=finding.next_at,
        )
        for delivery, finding in findings
    )


def _skip(misfits: Sequence[Misfit], now: datetime) -> None:
    """Skip what has no message; a campaign with too many of them is paused before the guards are asked."""
    by_reason: dict[str, list[Claimed]] = defaultdict(list)
    for misfit in misfits:
        by_reason[misfit.reason].append(misfit.delivery)
    for reason, deliveries in by_reason.items():
        _ours(deliveries).update(state=State.SKIPPED, reason=reason, claim=None, lease_until=None)
    unwritten = Counter(delivery.campaign_id for delivery in by_reason[RENDER_FAILED])
    if unwritten:
        Volume.objects.bulk_create(Volume(campaign_id=pk, at=now, unwritten=n) for pk, n in unwritten.items())
        watch(now, unwritten, PauseReason.RENDER_FAILURES)


def _count(messages: Counter[int], now: datetime) -> None:
    """Note how many messages of which campaign go out: one small row a batch, not a counter that workers queue for."""
    Volume.objects.bulk_create(Volume(campaign_id=pk, at=now, messages=n) for pk, n in messages.items())


def _ours(deliveries: Sequence[Claimed]) -> QuerySet[Delivery]:
    """Return those of one batch's `deliveries` that are still this worker's."""
    ids = {delivery.pk for delivery in deliveries}
    return Delivery.objects.filter(pk__among=ids, state=State.CLAIMED, claim=deliveries[0].claim)


def _fire(drafts: Sequence[Draft], now: datetime, shop: Shop) -> list[Draft]:
    """Compare-and-set the claimed deliveries to `sending`; return the drafts of those that were still ours."""
    by_zone: dict[str, list[Claimed]] = defaultdict(list)
    for draft in drafts:
        by_zone[draft.delivery.customer.timezone].append(draft.delivery)
    by_day: dict[date, list[Claimed]] = defaultdict(list)
    for name, deliveries in by_zone.items():
        by_day[civil_day(now, zone_of(name, shop))] += deliveries
    own = Customer.objects.filter(pk=OuterRef("customer_id"))
    fired = 0
    for day, deliveries in by_day.items():
        fired += _ours(deliveries).update(
            state=State.SENDING,
            reason="",
            claims=0,
            lease_until=lease_until(),
            spoken_on=day,
            permitted_at=now,
            address_key=Case(
                When(channel=ChannelName.EMAIL, then=Subquery(own.values("email_key"))),
                default=Subquery(own.values("phone_key")),
            ),
        )
    if fired == len(drafts):
        return list(drafts)
    # Some lease was over before we came here: its delivery belongs to the sweeper or to another worker.
    ids = {draft.delivery.pk for draft in drafts}
    ours = set(
        Delivery.objects.filter(pk__among=ids, state=State.SENDING, claim=drafts[0].delivery.claim).values_list(
            "pk", flat=True
        )
    )
    return [draft for draft in drafts if draft.delivery.pk in ours]


def _opening(draft: Draft) -> Opening:
    message = draft.message
    return Opening(
        id=message.attempt_id,
        delivery_id=draft.delivery.pk,
        resend_of_id=draft.resend_of,
        provider=provider_of(draft.delivery.channel),
        language=draft.language,
        sender=f"{message.sender_name} <{message.sender}>" if message.sender_name else message.sender,
        recipient=message.recipient,
        subject=message.subject,
        text=message.text,
        html=message.html,
    )
