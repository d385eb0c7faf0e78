"""Plants the true effects: extra orders and better answers in the treated arm, exactly as many as planted.py says."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from campaigns.models import Campaign, Customer, Order
from microattentions.demo.planted import PLANTED_BASKET, Planted
from microattentions.demo.purchases import Item, amounts, answer, order, steps_before, waking_hour
from triggers.models import Decision, Occasion

BASE_NPS: Final = 36.0
_ANSWERING: Final = 0.55


def planted_items(
    campaign: Campaign, planted: Planted, contacts: Sequence[Occasion], *, now: datetime, chance: random.Random
) -> Iterator[Item]:
    """Yield what the campaign's contacts did because of it, as the shop would post it."""
    names = dict(Customer.objects.values_list("pk", "external_id"))
    if planted.conversion:
        treated = [contact for contact in contacts if contact.decision == Decision.DUE]
        if not treated:
            return
        yield from _extra_orders(campaign, planted, treated, names, now=now, chance=chance)
    if planted.nps:
        for decision, nps in ((Decision.DUE, BASE_NPS + planted.nps), (Decision.HELD_OUT, BASE_NPS)):
            arm = [contact for contact in contacts if contact.decision == decision]
            yield from _answers(campaign, arm, names, nps, chance)


def _extra_orders(
    campaign: Campaign,
    planted: Planted,
    treated: Sequence[Occasion],
    names: dict[int, str],
    *,
    now: datetime,
    chance: random.Random,
) -> Iterator[Item]:
    """Yield one order for as many treated contacts as planted, chosen among those who did not buy by themselves."""
    buyers = _buyers(campaign, treated)
    others = [contact for contact in treated if contact.customer_id not in buyers]
    chosen = chance.sample(others, k=min(len(others), round(planted.conversion * len(treated))))
    orders = []
    for contact in chosen:
        placed_at = waking_hour(contact.slot_at + timedelta(days=1 + 10 * chance.random()), chance)
        number = f"{campaign.slug}-{contact.customer_id}"
        orders.append(order(number, names[contact.customer_id], placed_at, now=now, chance=chance, cancelled=0))
    _set_mean_basket(orders)
    for item in orders:
        yield item
        yield from steps_before(item, chance)


def _set_mean_basket(orders: Sequence[Item]) -> None:
    """Discount the orders alike, so that their mean without tax is the planted one."""
    totals = [int(Decimal(item["total"]).scaleb(2)) for item in orders]
    net = sum(total - total // 6 for total in totals)
    for item, total in zip(orders, totals, strict=True):
        wanted = round(total * PLANTED_BASKET * len(orders) / net)
        item |= amounts(wanted)
        if wanted < total:
            item["discount"] = amounts(total - wanted)["total"]


def _buyers(campaign: Campaign, contacts: Sequence[Occasion]) -> set[int]:
    """Return the customers who bought by themselves within the days that the gesture may act."""
    days = timedelta(days=campaign.attribution_days)
    anchors = {contact.customer_id: contact.slot_at for contact in contacts}
    first, last = min(anchors.values()), max(anchors.values()) + days
    orders: dict[int, list[datetime]] = defaultdict(list)
    rows = Order.objects.filter(valid=True, placed_at__gte=first, placed_at__lt=last)
    for customer, placed_at in rows.values_list("customer_id", "placed_at"):
        orders[customer].append(placed_at)
    return {
        customer
        for customer, anchor in anchors.items()
        if any(anchor <= placed_at < anchor + days for placed_at in orders[customer])
    }


def _answers(
    campaign: Campaign, arm: Sequence[Occasion], names: dict[int, str], nps: float, chance: random.Random
) -> Iterator[Item]:
    """Yield the answers of one arm: a third of them passive, and promoters and detractors so that the NPS is `nps`."""
    answering = chance.sample(list(arm), k=round(_ANSWERING * len(arm)))
    surplus = round(len(answering) * nps / 100)
    passives = round(len(answering) / 3)
    passives += (len(answering) - passives - surplus) % 2
    promoters = (len(answering) - passives + surplus) // 2
    for rank, contact in enumerate(answering):
        score = 9 + rank % 2 if rank < promoters else 7 + rank % 2 if rank < promoters + passives else 4 + rank % 3
        at = contact.slot_at + timedelta(hours=chance.randrange(3, 300))
        yield answer(f"{campaign.slug}-{contact.customer_id}", names[contact.customer_id], at, score)
