"""The nouns of WHO and WHAT, one file each."""

from campaigns.models.among import Among
from campaigns.models.answer import Answer
from campaigns.models.api_key import ApiKey, IdempotentRequest
from campaigns.models.audit import AuditEntry
from campaigns.models.campaign import Campaign
from campaigns.models.consent import Consent, Suppression
from campaigns.models.customer import Customer, CustomerChange
from campaigns.models.event import Event, KeyEvent
from campaigns.models.fields import ChannelName
from campaigns.models.gesture import GestureTemplate, Link, Variant
from campaigns.models.lot import LOTS, Lot
from campaigns.models.moment import JourneyMoment
from campaigns.models.order import Order, OrderStatus
from campaigns.models.product import Product
from campaigns.models.referral import ReferralCode
from campaigns.models.shop import BlackoutDay, ChannelCap, PermittedHours, Sender, Shop
from campaigns.models.spend import Spend
from campaigns.models.tier import Tier, TierReach
from campaigns.models.visitor import Visitor

__all__ = [
    "LOTS",
    "Among",
    "Answer",
    "ApiKey",
    "AuditEntry",
    "BlackoutDay",
    "Campaign",
    "ChannelCap",
    "ChannelName",
    "Consent",
    "Customer",
    "CustomerChange",
    "Event",
    "GestureTemplate",
    "IdempotentRequest",
    "JourneyMoment",
    "KeyEvent",
    "Link",
    "Lot",
    "Order",
    "OrderStatus",
    "PermittedHours",
    "Product",
    "ReferralCode",
    "Sender",
    "Shop",
    "Spend",
    "Suppression",
    "Tier",
    "TierReach",
    "Variant",
    "Visitor",
]
