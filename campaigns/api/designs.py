"""Moments, gestures and campaigns as they are written: typed, checked as in the browser, and stored."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from campaigns.audience import audience_faults
from campaigns.gestures.check import text_faults
from campaigns.ingest.faults import Refused, fault
from campaigns.ingest.values import JsonObject, Language, LongText, Text
from campaigns.launch import frozen_fields, purpose_frozen
from campaigns.models import Campaign, GestureTemplate, JourneyMoment, Variant
from campaigns.moment_kinds import parse_rule

Slug = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]
Name = Annotated[str, Text(120, shortest=1)]
Channel = Literal["email", "sms"]
_Share = Annotated[str, StringConstraints(pattern=r"^0(\.[0-9]{1,3})?$")]
# A message may cost a fraction of a cent.
_UnitCost = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Design(BaseModel):
    """Something a marketer writes: strict types, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    slug: Slug
    name: Name


class MomentDesign(Design):
    """A moment: its kind and the kind's own rule."""

    stage: Literal[
        "discovery", "welcome", "purchase", "waiting", "after_purchase", "loyalty", "anniversary", "departure"
    ] = "after_purchase"
    friction: LongText = ""
    emotion: Annotated[str, Text(200)] = ""
    kind: Annotated[str, Text(30, shortest=1)]
    rule: JsonObject = {}


class VariantDesign(BaseModel):
    """A gesture's text on one channel in one language, for the how manieth time (`rank`) a customer reads it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: Channel = "email"
    language: Language = "fr"
    rank: Annotated[int, Field(ge=1, le=100)] = 1
    subject: Annotated[str, Text(300)] = ""
    preheader: Annotated[str, Text(300)] = ""
    body: Annotated[str, Text(60_000, shortest=1)]


class GestureDesign(Design):
    """A gesture and all its texts."""

    category: Literal["onboarding", "personalisation", "recognition", "surprise", "reassurance", "post_purchase"] = (
        "post_purchase"
    )
    intention: LongText = ""
    purpose: Literal["service", "relation", "commercial"] = "relation"
    missing_language: Literal["shop_language", "skip"] = "shop_language"
    variants: Annotated[list[VariantDesign], Field(max_length=100)] = []


class CampaignDesign(Design):
    """A campaign; costs are minor units of the shop's currency."""

    moment: Slug
    gesture: Slug
    channels: Annotated[list[Channel], Field(min_length=1, max_length=2)] = ["email"]
    audience: JsonObject = {}
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    absorbs: Annotated[list[Slug], Field(max_length=50)] = []
    even_in_trouble: bool = False
    promised: bool = False
    holdout_share: _Share = "0.100"
    macro_conversion: Annotated[str, Text(100, shortest=1)] = "order"
    before_after_days: Annotated[int, Field(ge=1, le=366)] = 28
    attribution_days: Annotated[int, Field(ge=1, le=366)] = 14
    unit_costs: dict[Channel, _UnitCost] = {}
    incentive_cost: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    margin_share: _Share | Literal["1", "1.000"] = "0.400"
    smallest_useful_effect: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}(\.[0-9]{1,2})?$")] = "5.00"
    utm: bool = False


def write_moment(design: MomentDesign, moment: JourneyMoment) -> JourneyMoment:
    """Store `design` into `moment` (new or stored). Raises ValidationError for a bad kind or rule."""
    parse_rule(design.kind, design.rule)
    return _saved(moment, design.model_dump())


def write_gesture(design: GestureDesign, gesture: GestureTemplate) -> GestureTemplate:
    """Store `design` into `gesture` with all its texts, each tried first. Raises Refused with paths."""
    if gesture.pk and gesture.purpose != design.purpose and purpose_frozen(gesture):
        raise Refused(fault("purpose", _("is frozen: a campaign with this gesture was launched")), conflict=True)
    texts: dict[tuple[str, str, int], Variant] = {}
    for index, text in enumerate(design.variants):
        key = text.channel, text.language, text.rank
        if key in texts:
            raise Refused(fault(f"variants.{index}", _("repeats a channel, language and rank")))
        texts[key] = Variant(**text.model_dump())
        if faults := text_faults(texts[key]):
            raise Refused(*(fault(f"variants.{index}.{part}", str(found)) for part, found in faults))
    with transaction.atomic():
        _saved(gesture, design.model_dump(exclude={"variants"}))
        for variant in gesture.variants.all():
            new = texts.pop((variant.channel, variant.language, variant.rank), None)
            if new is None:
                variant.delete()
            elif (variant.subject, variant.preheader, variant.body) != (new.subject, new.preheader, new.body):
                variant.subject, variant.preheader, variant.body = new.subject, new.preheader, new.body
                variant.save()
        for variant in texts.values():
            variant.gesture = gesture
            variant.save()
    return gesture


def write_campaign(design: CampaignDesign, campaign: Campaign) -> Campaign:
    """Store `design` into `campaign`. Raises Refused and ValidationError with paths."""
    if faults := audience_faults(design.audience):
        raise Refused(*(fault(found.path, found.message) for found in faults))
    if len(set(design.channels)) < len(design.channels):
        raise Refused(fault("channels", _("names a channel twice")))
    values = design.model_dump() | {
        "moment": _named("moment", JourneyMoment.objects.filter(slug=design.moment).first),
        "gesture": _named("gesture", GestureTemplate.objects.filter(slug=design.gesture).first),
    }
    for name in ("holdout_share", "margin_share", "smallest_useful_effect"):
        values[name] = Decimal(values[name])
    if values["holdout_share"] > Decimal("0.9"):
        raise Refused(fault("holdout_share", _("is more than 0.9")))
    for name in frozen_fields(campaign):
        if getattr(campaign, name) != values[name]:
            raise Refused(fault(name, _("is frozen: the campaign was launched")), conflict=True)
    absorbed = [
        _named(f"absorbs.{index}", Campaign.objects.filter(slug=slug).exclude(pk=campaign.pk).first)
        for index, slug in enumerate(values.pop("absorbs"))
    ]
    with transaction.atomic():
        _saved(campaign, values).absorbs.set(absorbed)
    return campaign


def _named[T](name: str, find: Callable[[], T | None]) -> T:
    found = find()
    if found is None:
        raise Refused(fault(name, _("does not exist")))
    return found


def _saved[T: (JourneyMoment, GestureTemplate, Campaign)](row: T, values: dict[str, Any]) -> T:
    taken = type(row)._default_manager.filter(slug=values["slug"]).exclude(pk=row.pk).exists()
    if taken:
        raise Refused(fault("slug", _("exists already")), conflict=True)
    for name, value in values.items():
        setattr(row, name, value)
    try:
        row.full_clean()
    except ValidationError as error:
        raise Refused(*(fault(n, m) for n, found in error.message_dict.items() for m in found)) from error
    row.save()
    return row


DESIGNS: Final = {"moment": MomentDesign, "gesture": GestureDesign, "campaign": CampaignDesign}
