"""Referrals: the first order that somebody places with another's code is an event of the one who recommended."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from campaigns.ingest.rows import insert_new
from campaigns.models import Event, Order, ReferralCode
from campaigns.models.referral import REFERRAL_EVENT


def credit_referrals(rows: Sequence[dict[str, Any]], now: datetime) -> set[int]:
    """Keep the referral events in step with stored orders (`rows` of them); return the referrers who gained one.

    Called after the customers' totals were counted: a referral is a valid first order, not one's own. An order that no
    longer counts takes its event back.
    """
    coded = [row["external_id"] for row in rows if row["discount_codes"]]
    if not coded:
        return set()
    orders = Order.objects.filter(external_id__among=coded)
    first = orders.filter(valid=True, customer__first_order_at=F("placed_at")).values_list(
        "external_id", "customer_id", "placed_at", "discount_codes"
    )
    codes = {code.strip().upper() for _id, _customer, _at, given in first for code in given}
    owners = dict(ReferralCode.objects.filter(code__among=codes).values_list("code", "customer_id"))
    events: dict[str, dict[str, Any]] = {}
    for order_id, customer, placed_at, given in first if owners else ():
        referrers = [owners[key] for code in given if (key := code.strip().upper()) in owners]
        if referrers and referrers[0] != customer:
            events[_event_id(order_id)] = {
                "external_id": _event_id(order_id),
                "customer_id": referrers[0],
                "name": REFERRAL_EVENT,
                "occurred_at": placed_at,
                "properties": {"order": order_id},
                "recorded_at": now,
            }
    Event.objects.filter(external_id__among={_event_id(order_id) for order_id in coded} - events.keys()).delete()
    new = insert_new(Event, [events[key] for key in sorted(events)], key=("external_id",))
    return {events[external_id]["customer_id"] for (external_id,) in new}


def _event_id(order_id: str) -> str:
    # A hash: an id of 200 characters leaves no room for a prefix, and the shop's own ids must not be hit.
    return f"{REFERRAL_EVENT}:{hashlib.sha256(order_id.encode()).hexdigest()}"
