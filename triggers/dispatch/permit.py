"""Third step, the fire permit: one transaction that looks again and, where nothing forbids it, takes the shot's place.

After its commit a delivery counts as spoken. Before it, nothing has left; after it, nobody else will call for it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from campaigns.models import ChannelName, Customer, Shop
from triggers.channels import provider_of
from triggers.dispatch.attempts import insert_attempts
from triggers.dispatch.claim import give_back, lease_until
from triggers.dispatch.compose import Draft, Misfit
from triggers.guards import Finding, permit_findings
from triggers.local_time import civil_day, zone_of
from triggers.models import Attempt, Delivery, GuardFinding, State


def permit(drafts: Sequence[Draft], misfits: Sequence[Misfit], now: datetime) -> list[Draft]:
    """Return those of `drafts` that may and must now be sent, each exactly once, all with an Attempt on record.

    The others were put back, moved or skipped, with what the guards found.
    """
    with transaction.atomic():
        unchanged, changed = _locked(drafts)
        allowed, findings = _checked(unchanged, now)
        give_back([draft.delivery for draft in changed])
        _obey(findings, misfits, now)
        fired = _fire(allowed, now)
        insert_attempts([_attempt(draft, now) for draft in fired])
    return fired


def _locked(drafts: Sequence[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Lock the customers and all who share an address with them, until the commit; split off those whose address has
    changed since it was written into the message.

    Two workers that hold one customer's messages (or two profiles of one mailbox) pass here one after the other, so
    the second one's guards see what the first one fired.
    """
    customers = [draft.delivery.customer for draft in drafts]
    emails = {customer.email_key for customer in customers} - {""}
    phones = {customer.phone_key for customer in customers} - {""}
    ids = [customer.pk for customer in customers]
    locked = (
        Customer.objects.select_for_update()
        .filter(Q(pk__in=ids) | Q(email_key__in=emails) | Q(phone_key__in=phones))
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


def _checked(drafts: Sequence[Draft], now: datetime) -> tuple[list[Draft], dict[Delivery, Finding]]:
    found = permit_findings([draft.delivery for draft in drafts], now)
    findings: dict[Delivery, Finding] = {}
    allowed: list[Draft] = []
    for draft in drafts:
        finding = found.get(draft.delivery.pk)
        if finding is None:
            allowed.append(draft)
        else:
            findings[draft.delivery] = finding
    return allowed, findings


def _obey(findings: dict[Delivery, Finding], misfits: Sequence[Misfit], now: datetime) -> None:
    """Move or skip what the guards found, skip what has no message, and keep why."""
    moved: dict[tuple[str, datetime], list[Delivery]] = defaultdict(list)
    skipped: dict[str, list[Delivery]] = defaultdict(list)
    for misfit in misfits:
        skipped[misfit.reason].append(misfit.delivery)
    for delivery, finding in findings.items():
        if finding.next_at is not None:
            moved[finding.guard, finding.next_at].append(delivery)
        else:
            skipped[finding.guard].append(delivery)
    for (guard, next_at), deliveries in moved.items():
        _claimed(deliveries).update(
            state=State.PLANNED, reason=guard, not_before=next_at, claim=None, claims=0, lease_until=None
        )
    for reason, deliveries in skipped.items():
        _claimed(deliveries).update(state=State.SKIPPED, reason=reason, claim=None, lease_until=None)
    GuardFinding.objects.bulk_create(
        GuardFinding(
            occasion_id=delivery.occasion_id,
            guard=finding.guard,
            value=finding.value,
            found_at=now,
            next_at=finding.next_at,
        )
        for delivery, finding in findings.items()
    )


def _claimed(deliveries: Sequence[Delivery]) -> QuerySet[Delivery]:
    """Return those of one batch's `deliveries` that are still this worker's."""
    ids = [delivery.pk for delivery in deliveries]
    return Delivery.objects.filter(pk__in=ids, state=State.CLAIMED, claim=deliveries[0].claim)


def _fire(drafts: Sequence[Draft], now: datetime) -> list[Draft]:
    """Compare-and-set the claimed deliveries to `sending`; return the drafts of those that were still ours."""
    shop = Shop.get()
    by_day: dict[date, list[Delivery]] = defaultdict(list)
    for draft in drafts:
        zone = zone_of(draft.delivery.customer.timezone, shop)
        by_day[civil_day(now, zone)].append(draft.delivery)
    own = Customer.objects.filter(pk=OuterRef("customer_id"))
    fired = 0
    for day, deliveries in by_day.items():
        fired += _claimed(deliveries).update(
            state=State.SENDING,
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
    ids = [draft.delivery.pk for draft in drafts]
    ours = set(
        Delivery.objects.filter(pk__in=ids, state=State.SENDING, claim=drafts[0].delivery.claim).values_list(
            "pk", flat=True
        )
    )
    return [draft for draft in drafts if draft.delivery.pk in ours]


def _attempt(draft: Draft, now: datetime) -> Attempt:
    message = draft.message
    return Attempt(
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
        business_at=now,
        started_at=timezone.now(),
    )
