"""The named cast of the tests: a shop, its customers in many zones, their orders, and campaigns that run.

Plain functions over the models, usable with and without pytest. Each stores and returns one row (with what belongs to
it); keyword arguments replace any field. Instants are aware; `at("2026-03-14 09:00", "Europe/Paris")` makes one.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from campaigns.address import address_key
from campaigns.models import (
    Campaign,
    ChannelName,
    Consent,
    Customer,
    GestureTemplate,
    JourneyMoment,
    Order,
    Sender,
    Shop,
    Tier,
    TierReach,
    Variant,
)

LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)


def at(local: str, zone: str = "UTC") -> datetime:
    """Return the UTC instant of a local time written like `2026-03-14 09:00` (its first pass where it exists twice)."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def shop(**fields: Any) -> Shop:
    """A tea shop in Paris that writes in French and English, with no quiet hours."""
    new = not Shop.objects.exists()
    row = Shop.get()
    if new:
        row.permitted_hours.all().delete()
    values: dict[str, Any] = {
        "name": "Maison Thé",
        "website": "https://maison-the.test",
        "postal_address": "1 rue du Thé, 75011 Paris",
    }
    for name, value in (values | fields).items():
        setattr(row, name, value)
    row.save()
    for language in ("fr", "en"):
        Sender.objects.update_or_create(
            shop=row,
            language=language,
            defaults={
                "email_name": "Maison Thé",
                "email_address": "bonjour@maison-the.test",
                "sms_from": "+33939980000",
            },
        )
    return row


def customer(external_id: str, **fields: Any) -> Customer:
    """A customer who agreed to e-mail and SMS; with `email=""` or `email_marketing=False` one who cannot be written to.

    The keyed hashes of the addresses and the consent ledger are made to agree with the fields.
    """
    values: dict[str, Any] = {
        "email": f"{external_id}@maison-the.test",
        "phone": "",
        "language": "fr",
        "created_at": LONG_AGO,
        "signed_up_at": LONG_AGO,
        "email_marketing": True,
        "sms_marketing": True,
    } | fields
    values.setdefault("email_key", address_key(values["email"]))
    values.setdefault("phone_key", address_key(values["phone"]))
    row = Customer.objects.create(external_id=external_id, **values)
    Consent.objects.bulk_create(
        Consent(customer=row, channel=channel, granted=True, source="checkout", given_at=LONG_AGO, recorded_at=LONG_AGO)
        for channel, agreed in ((ChannelName.EMAIL, row.email_marketing), (ChannelName.SMS, row.sms_marketing))
        if agreed
    )
    return row


def _named(own: dict[str, Any], fields: dict[str, Any]) -> Customer:
    return customer(**own | fields)


def claire(**fields: Any) -> Customer:
    """Claire Petit, in Paris, born on 14 March 1988."""
    return _named(
        {
            "external_id": "claire",
            "first_name": "Claire",
            "last_name": "Petit",
            "phone": "+33639980001",
            "birth_year": 1988,
            "birth_day": 314,
            "timezone": "Europe/Paris",
            "country": "FR",
        },
        fields,
    )


def malik(**fields: Any) -> Customer:
    """Malik Tremblay, in Montréal, born on 29 February 1992."""
    return _named(
        {
            "external_id": "malik",
            "first_name": "Malik",
            "last_name": "Tremblay",
            "phone": "+15145550102",
            "birth_year": 1992,
            "birth_day": 229,
            "timezone": "America/Toronto",
            "country": "CA",
        },
        fields,
    )


def priya(**fields: Any) -> Customer:
    """Priya Rao, in Kolkata, who reads English and told her birthday (1 December) without its year."""
    return _named(
        {
            "external_id": "priya",
            "first_name": "Priya",
            "last_name": "Rao",
            "phone": "+919999900003",
            "birth_day": 1201,
            "language": "en",
            "timezone": "Asia/Kolkata",
            "country": "IN",
        },
        fields,
    )


def lowri(**fields: Any) -> Customer:
    """Lowri Hughes, on Lord Howe Island, whose clocks change by half an hour; born on 5 April 1990."""
    return _named(
        {
            "external_id": "lowri",
            "first_name": "Lowri",
            "last_name": "Hughes",
            "phone": "+61491570006",
            "birth_year": 1990,
            "birth_day": 405,
            "language": "en",
            "timezone": "Australia/Lord_Howe",
            "country": "AU",
        },
        fields,
    )


def sina(**fields: Any) -> Customer:
    """Sina Leota, in Apia, first to see each day; born on 31 December 1985."""
    return _named(
        {
            "external_id": "sina",
            "first_name": "Sina",
            "last_name": "Leota",
            "phone": "+6857200005",
            "birth_year": 1985,
            "birth_day": 1231,
            "language": "en",
            "timezone": "Pacific/Apia",
            "country": "WS",
        },
        fields,
    )


def order(buyer: Customer, external_id: str, placed_at: datetime, **fields: Any) -> Order:
    """A paid order of 59.90 without tax or shipping; the buyer's totals are left as they are."""
    values: dict[str, Any] = {"total": 5990, "updated_at": placed_at, "created_at": placed_at} | fields
    return Order.objects.create(external_id=external_id, customer=buyer, placed_at=placed_at, **values)


def tier(slug: str, **fields: Any) -> Tier:
    """A tier of the loyalty programme, by default from 100.00 spent."""
    values: dict[str, Any] = {"name": slug.title(), "threshold": 10_000, "rank": 1} | fields
    return Tier.objects.create(slug=slug, **values)


def reach(who: Customer, reached: Tier, reached_at: datetime, **fields: Any) -> TierReach:
    """The fact that `who` first reached a tier."""
    return TierReach.objects.create(customer=who, tier=reached, reached_at=reached_at, **fields)


def gesture(slug: str, *, channels: tuple[str, ...] = ("email", "sms"), **fields: Any) -> GestureTemplate:
    """A gesture with a French and an English text on each channel."""
    row = GestureTemplate.objects.create(slug=slug, **{"name": slug.title()} | fields)
    texts = {"fr": "Merci, et à bientôt !", "en": "Thank you, see you soon!"}
    for channel in channels:
        for language, text in texts.items():
            body = f"<p>{text}</p>" if channel == ChannelName.EMAIL else text
            Variant.objects.create(gesture=row, channel=channel, language=language, subject=text, body=body)
    return row


def live_campaign(
    kind: str = "birthday",
    rule: dict[str, Any] | None = None,
    *,
    slug: str = "",
    launched_at: datetime = LONG_AGO,
    channels: tuple[str, ...] = ("email",),
    holdout_share: str = "0",
    gesture_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Campaign:
    """A campaign that runs, with its moment (of `kind` by `rule`), its gesture (texts on both channels) and its shop.

    Nobody is held out unless `holdout_share` says so; `fields` are the campaign's own (audience, priority …).
    """
    if not Shop.objects.exists():
        shop()
    slug = slug or f"{kind.replace('_', '-')}-{Campaign.objects.count() + 1}"
    moment = JourneyMoment.objects.create(slug=slug, name=slug, kind=kind, rule=rule or {})
    values: dict[str, Any] = {
        "name": slug,
        "status": Campaign.Status.LIVE,
        "launched_at": launched_at,
        "channels": list(channels),
        "holdout_share": Decimal(holdout_share),
    } | fields
    return Campaign.objects.create(slug=slug, moment=moment, gesture=gesture(slug, **gesture_fields or {}), **values)
