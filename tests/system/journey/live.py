"""Living through a shop's year: design the campaigns, import the past, post and tick hour by hour."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tests.system.journey.oracle import Plan
from tests.system.journey.shop_year import Item, ShopYear, in_batches
from tests.system.journey.system import System

PLAN = Plan(
    birthday="birthday",
    birthday_hour=9,
    tier="tier",
    tiers={"silver": Decimal(100), "gold": Decimal(500)},
    parcel="parcel",
    parcel_days=3,
)
HOLDOUTS = {"birthday": "0.100", "tier": "0.000", "parcel": "0.500"}
CHANNELS = {"birthday": ["email"], "tier": ["sms", "email"], "parcel": ["email", "sms"]}

SHOP = """
from campaigns.models import Sender, Shop, Tier
shop = Shop.get()
shop.name, shop.timezone, shop.currency, shop.language = "Journey", "{timezone}", "{currency}", "en"
shop.postal_address = "1 Journey Street"
shop.save()
for language in ("en", "fr"):
    Sender.objects.create(shop=shop, language=language, email_name="Journey", email_address="hello@journey.test",
                          sms_from="+33939980000")
shop.permitted_hours.update(closed_on_holidays=False)
for rank, (slug, threshold) in enumerate([("silver", 10000), ("gold", 50000)]):
    Tier.objects.create(slug=slug, name=slug.title(), basis="spent", threshold=threshold, rank=rank)
"""


def design(system: System, year: ShopYear) -> None:
    """Make the shop, its tiers and the three campaigns, approved; they launch when the living begins."""
    system.manage("shell", "-c", SHOP.format(timezone=year.timezone, currency=year.currency))
    rules = {
        "birthday": ("birthday", {"send_hour": PLAN.birthday_hour}),
        "tier": ("tier", {}),
        "parcel": ("post_purchase", {"anchor": "placed", "delay_days": PLAN.parcel_days}),
    }
    for slug, (kind, rule) in rules.items():
        moment = {"slug": slug, "name": slug.title(), "kind": kind, "rule": rule}
        system.call("POST", "/moments", moment)
        system.call("POST", "/gestures", _gesture(slug))
        campaign = {
            "slug": slug,
            "name": slug.title(),
            "moment": slug,
            "gesture": slug,
            "channels": CHANNELS[slug],
            "holdout_share": HOLDOUTS[slug],
        }
        system.call("POST", "/campaigns", campaign)
        system.call("POST", f"/campaigns/{slug}/approve")


def _gesture(slug: str) -> Item:
    hello = {"en": "Hello", "fr": "Bonjour"}
    variants: list[Item] = []
    for language, word in hello.items():
        text = f"{word} {{{{ customer.first_name }}}}, {slug}!"
        link = '<a href="https://journey.test/thanks">Journey</a>'
        variants += [
            {"channel": "email", "language": language, "subject": text, "body": f"<p>{text} {link}</p>"},
            {"channel": "sms", "language": language, "body": f"{text} https://journey.test/thanks"},
        ]
    return {"slug": slug, "name": slug.title(), "purpose": "relation", "variants": variants}


def post(system: System, items: Sequence[Item]) -> Counter[str]:
    """Post items in batches; return how many came to each result. Raises RuntimeError on the first rejected one."""
    results: Counter[str] = Counter()
    for batch in in_batches(items):
        for result in system.call("POST", "/batch", {"batch": batch})["results"]:
            results[result["result"]] += 1
            if result["result"] == "rejected":
                raise RuntimeError(f"{batch[result['index']]}: {result}")
    return results


def live_through(system: System, year: ShopYear) -> None:
    """Import what lies before the start, launch, then post and tick each hour to the end."""
    system.set_clock(year.start)
    design(system, year)
    post(system, [item for at, item in year.timeline if at <= year.start])
    for slug in HOLDOUTS:
        system.call("POST", f"/campaigns/{slug}/launch")
    for hour, items in year.by_hour():
        system.set_clock(hour)
        if items:
            post(system, items)
        system.tick(hour)


def afterwards(system: System, year: ShopYear) -> None:
    """Pause the campaigns and post what became known after the year."""
    for slug in HOLDOUTS:
        system.call("POST", f"/campaigns/{slug}/pause")
    last = year.timeline[-1][0]
    system.set_clock(max(last, year.end) + timedelta(days=1))
    post(system, [item for at, item in year.timeline if at > year.end])


def contents(system: System) -> dict[str, tuple[object, ...]]:
    """Return counts and sums by which two states of the system can be told apart."""
    questions = {
        "orders": "SELECT count(*), sum(total), sum(refunded), max(updated_at) FROM campaigns_order",
        "customers": "SELECT count(*), sum(total_spent), sum(orders_count) FROM campaigns_customer",
        "changes": "SELECT count(*) FROM campaigns_customerchange",
        "consents": "SELECT count(*) FROM campaigns_consent",
        "reaches": "SELECT count(*) FROM campaigns_tierreach",
        "occasions": "SELECT count(*), max(id) FROM triggers_occasion",
        "deliveries": "SELECT count(*), max(id) FROM triggers_delivery",
        "attempts": "SELECT count(*) FROM triggers_attempt",
    }
    return {name: tuple(system.rows(sql)[0]) for name, sql in questions.items()}


def due_in_database(system: System) -> dict[tuple[str, str, str], datetime]:
    """Return due instants by (campaign, customer, key) as the planner stored them."""
    rows = system.rows(
        "SELECT g.slug, c.external_id, o.key, o.due_at FROM triggers_occasion o"
        " JOIN campaigns_campaign g ON g.id = o.campaign_id JOIN campaigns_customer c ON c.id = o.customer_id"
    )
    return {(campaign, customer, key): _instant(due) for campaign, customer, key, due in rows}


def _instant(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(f"{value}+00:00")
