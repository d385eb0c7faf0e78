"""How stored things look in the API: the same names and forms in which they are posted."""

from datetime import UTC, datetime, time
from typing import Any

from campaigns.ingest.customers import birth_date_text
from campaigns.models import Campaign, Customer, GestureTemplate, JourneyMoment, Order, PermittedHours, Product, Shop
from campaigns.models.fields import major_units
from campaigns.models.shop import WEEKDAYS


def instant(value: datetime | None) -> str | None:
    """Return an instant in UTC as ISO 8601, or None."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def customer_shape(customer: Customer, currency: str) -> dict[str, Any]:
    """Return a customer with what ingest counts of them."""
    return {
        "id": customer.external_id,
        "email": customer.email,
        "phone": customer.phone,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "birth_date": birth_date_text(customer.birth_year, customer.birth_day),
        "language": customer.language,
        "timezone": customer.timezone,
        "country": customer.country,
        "signed_up_at": instant(customer.signed_up_at),
        "tags": customer.tags,
        "points": customer.points,
        "attributes": customer.attributes,
        "updated_at": instant(customer.updated_at),
        "email_marketing": customer.email_marketing,
        "sms_marketing": customer.sms_marketing,
        "orders_count": customer.orders_count,
        "total_spent": str(major_units(customer.total_spent, currency)),
        "currency": currency,
        "first_order_at": instant(customer.first_order_at),
        "last_order_at": instant(customer.last_order_at),
        "tier": customer.tier.slug if customer.tier else None,
    }


def order_shape(order: Order, currency: str) -> dict[str, Any]:
    """Return an order as it was posted, with whether it counts and what of it is revenue."""
    money = ("total", "tax", "shipping", "discount", "refunded", "revenue")
    instants = ("placed_at", "promised_at", "shipped_at", "delivered_at", "updated_at")
    plain = ("status", "channel", "gift", "test", "discount_codes", "lines", "valid")
    return (
        {"id": order.external_id, "customer": order.customer.external_id, "currency": currency}
        | {name: instant(getattr(order, name)) for name in instants}
        | {name: str(major_units(getattr(order, name), currency)) for name in money}
        | {name: getattr(order, name) for name in plain}
    )


def product_shape(product: Product) -> dict[str, Any]:
    """Return a product as it was posted."""
    names = ("names", "url", "image_url", "category", "stock")
    return {"id": product.sku} | {name: getattr(product, name) for name in names}


def shop_shape(shop: Shop) -> dict[str, Any]:
    """Return the shop's settings as they are written; prices as amounts of its currency."""
    names = ("name", "website", "postal_address", "country", "timezone", "currency", "language", "leap_day")
    caps = ("birth_date_lock_days", "daily_cap", "weekly_cap", "monthly_cap", "commercial_cap", "survey_rest_days")
    of_sender = ("language", "email_name", "email_address", "reply_to", "sms_from", "farewell")
    of_cap = ("channel", "daily", "weekly", "monthly", "commercial")
    prices = ("sms_price", "sms_daily_budget")
    return (
        {name: getattr(shop, name) for name in (*names, *caps)}
        | {name: str(major_units(getattr(shop, name), shop.currency)) for name in prices}
        | {"senders": list(shop.senders.order_by("language").values(*of_sender))}
        | {"permitted_hours": [_hours_shape(hours) for hours in shop.permitted_hours.order_by("channel")]}
        | {"channel_caps": list(shop.channel_caps.order_by("channel").values(*of_cap))}
        | {"blackout_days": [{"day": day.day.isoformat(), "label": day.label} for day in shop.blackout_days.all()]}
    )


def _hours_shape(hours: PermittedHours) -> dict[str, Any]:
    return {
        "channel": hours.channel,
        "opens": _clock(hours.opens),
        "closes": _clock(hours.closes),
        # The studio takes them in any order.
        "weekdays": "".join(day for day in WEEKDAYS if day in hours.weekdays),
        "closed_on_holidays": hours.closed_on_holidays,
    }


def _clock(value: time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")


def moment_shape(moment: JourneyMoment) -> dict[str, Any]:
    """Return a moment as it is written."""
    names = ("slug", "name", "stage", "friction", "emotion", "kind", "rule")
    return {name: getattr(moment, name) for name in names}


def gesture_shape(gesture: GestureTemplate) -> dict[str, Any]:
    """Return a gesture as it is written, with its texts."""
    names = ("slug", "name", "category", "intention", "purpose", "missing_language")
    texts = ("channel", "language", "rank", "subject", "preheader", "body")
    variants = sorted(gesture.variants.all(), key=lambda variant: (variant.channel, variant.language, variant.rank))
    return {name: getattr(gesture, name) for name in names} | {
        "variants": [{name: getattr(variant, name) for name in texts} for variant in variants]
    }


def campaign_shape(campaign: Campaign) -> dict[str, Any]:
    """Return a campaign as it is written; costs in minor units of the shop's currency."""
    names = ("slug", "name", "channels", "audience", "priority", "macro_conversion", "before_after_days")
    more = ("attribution_days", "unit_costs", "incentive_cost", "utm", "even_in_trouble", "promised")
    return (
        {name: getattr(campaign, name) for name in (*names, *more)}
        | {"moment": campaign.moment.slug, "gesture": campaign.gesture.slug}
        | {"absorbs": sorted(absorbed.slug for absorbed in campaign.absorbs.all())}
        | {"holdout_share": f"{campaign.holdout_share:.3f}", "margin_share": f"{campaign.margin_share:.3f}"}
        | {"smallest_useful_effect": f"{campaign.smallest_useful_effect:.2f}"}
    )


def campaign_state(campaign: Campaign) -> dict[str, Any]:
    """Return a campaign with its life, which only its verbs change."""
    return campaign_shape(campaign) | {
        "status": campaign.status,
        "canary_share": None if campaign.canary_share is None else f"{campaign.canary_share:.3f}",
        "paused_for": campaign.paused_for,
        "approved_at": instant(campaign.approved_at),
        "approved_by": campaign.approved_by,
        "launched_at": instant(campaign.launched_at),
        "ended_at": instant(campaign.ended_at),
    }
