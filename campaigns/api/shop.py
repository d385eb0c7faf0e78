"""`/api/v1/shop`: who the shop is, in whose name it writes, when it may, and how much: as in the studio's settings."""

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any, ClassVar, Final, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import audit, clock
from campaigns.api.authentication import key_of
from campaigns.api.body import json_body
from campaigns.api.contract import WRITING, operation
from campaigns.api.designs import Channel, Name
from campaigns.api.facts import ApiView
from campaigns.api.shapes import shop_shape
from campaigns.approval import actor_of_key
from campaigns.ingest.faults import FaultDict, Refused, fault
from campaigns.ingest.values import Country, Currency, Email, Language, Money, ShortText, Text, Timezone, refuse
from campaigns.models import ApiKey, AuditEntry, BlackoutDay, ChannelCap, PermittedHours, Sender, Shop
from campaigns.models.fields import minor_units_of


def _one_line(value: str) -> str:
    # A mail header would end there, and the message be refused.
    if "\n" in value or "\r" in value:
        raise refuse("line", _("holds a line break"))
    return value


_Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")]
_Count = Annotated[int, Field(ge=1, le=32_767)]
# Minor units; what a column of four bytes surely holds.
_LARGEST: Final = 1_000_000_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SenderDesign(_Part):
    """In whose name the shop writes in one language, and its plain farewell to whoever leaves."""

    language: Annotated[Language, Field(min_length=1)]
    email_name: Annotated[Name, AfterValidator(_one_line)]
    email_address: Annotated[Email, Field(min_length=1)]
    reply_to: Email = ""
    sms_from: Annotated[str, Text(20)] = ""
    farewell: Annotated[str, StringConstraints(strip_whitespace=True), Text(500)] = ""


class HoursDesign(_Part):
    """When a channel may speak, in the recipient's zone; in `weekdays` 1 is Monday."""

    channel: Channel
    opens: _Clock
    closes: _Clock
    weekdays: Annotated[str, StringConstraints(min_length=1, pattern=r"^1?2?3?4?5?6?7?$")] = "1234567"
    closed_on_holidays: bool = True

    @field_validator("closes")
    @classmethod
    def later_than_opens(cls, value: str, info: ValidationInfo) -> str:
        """Return the hour. Raises a fault unless the channel opens before it closes."""
        opens = info.data.get("opens")
        if opens is not None and time.fromisoformat(value) <= time.fromisoformat(opens):
            raise refuse("hours", _("is not later than opens"))
        return value


class ChannelCapDesign(_Part):
    """How often one channel may speak to a customer, beside the caps over all channels."""

    channel: Channel
    daily: _Count = 1
    weekly: _Count = 3
    monthly: _Count = 6
    commercial: _Count = 2


class BlackoutDesign(_Part):
    """A day on which the shop keeps silent."""

    day: date
    label: ShortText = ""


class ShopDesign(_Part):
    """The shop's settings; the defaults are those of a new shop, whose SMS has hours besides.

    `currency` is only read, and prices are in it.
    """

    name: Annotated[Name, AfterValidator(_one_line)] = "My shop"
    website: Annotated[str, Text(200)] = ""
    postal_address: Annotated[str, Text(10_000)] = ""
    country: Annotated[Country, Field(min_length=2, max_length=2)] = "FR"
    timezone: Annotated[Timezone, Field(min_length=1)] = "Europe/Paris"
    currency: Currency = "EUR"
    language: Annotated[Language, Field(min_length=1)] = "fr"
    leap_day: Literal["02-28", "03-01"] = "02-28"
    birth_date_lock_days: Annotated[int, Field(ge=0, le=32_767)] = 30
    daily_cap: Annotated[int, Field(ge=1, le=10)] = 1
    weekly_cap: Annotated[int, Field(ge=1, le=70)] = 3
    monthly_cap: Annotated[int, Field(ge=1, le=300)] = 6
    commercial_cap: Annotated[int, Field(ge=1, le=300)] = 2
    survey_rest_days: Annotated[int, Field(ge=1, le=366)] = 30
    sms_price: Money = "0.08"
    sms_daily_budget: Money = "200.00"
    senders: Annotated[list[SenderDesign], Field(max_length=100)] = []
    permitted_hours: Annotated[list[HoursDesign], Field(max_length=2)] = []
    channel_caps: Annotated[list[ChannelCapDesign], Field(max_length=2)] = []
    blackout_days: Annotated[list[BlackoutDesign], Field(max_length=1000)] = []


# The lists of a shop: what they are stored as, and what each entry of one is known by.
_LISTS: Final[dict[str, tuple[type[Model], str]]] = {
    "senders": (Sender, "language"),
    "permitted_hours": (PermittedHours, "channel"),
    "channel_caps": (ChannelCap, "channel"),
    "blackout_days": (BlackoutDay, "day"),
}
_AMOUNTS: Final = ("sms_price", "sms_daily_budget")


def write_shop(design: ShopDesign, shop: Shop) -> None:
    """Store the given fields of `design`, each list in place of the stored one. Raises Refused with every path."""
    given = design.model_dump(exclude_unset=True)
    if given.pop("currency", shop.currency) != shop.currency:
        raise Refused(fault("currency", _("is read-only: every stored amount is in it")), conflict=True)
    lists = {name: given.pop(name) for name in _LISTS if name in given}
    faults: list[FaultDict] = []
    for name in _AMOUNTS:
        if name in given:
            given[name] = _minor(name, given[name], shop.currency, faults)
    for name, value in given.items():
        setattr(shop, name, value)
    with transaction.atomic():
        # What was not given is left as it is, even where it would be refused today.
        faults += _faults(shop, "", exclude={field.name for field in Shop._meta.fields} - given.keys())
        for name, rows in lists.items():
            faults += _replace(shop, name, rows)
        if faults:
            raise Refused(*faults[:50])
        # The stop switches are on the same row and may be pressed meanwhile.
        shop.save(update_fields=list(given))


def _minor(name: str, amount: str, currency: str, faults: list[FaultDict]) -> int:
    try:
        minor = minor_units_of(amount, currency)
    except ValueError:
        faults.append(fault(name, _("has more decimals than %(currency)s allows") % {"currency": currency}))
        return 0
    if minor > _LARGEST:
        faults.append(fault(name, _("is too large")))
        return 0
    return minor


def _replace(shop: Shop, name: str, rows: list[dict[str, Any]]) -> list[FaultDict]:
    model, key = _LISTS[name]
    stored = {getattr(row, key): row for row in getattr(shop, name).all()}
    wanted: dict[Any, Model] = {}
    faults: list[FaultDict] = []
    for place, values in enumerate(rows):
        if values[key] in wanted:
            faults.append(fault(f"{name}.{place}.{key}", _("is there twice")))
            continue
        row = wanted[values[key]] = stored.pop(values[key], None) or model(shop=shop)
        for field, value in values.items():
            setattr(row, field, time.fromisoformat(value) if field in ("opens", "closes") else value)
        faults += _faults(row, f"{name}.{place}.", exclude={"shop"})
    if not faults:
        for row in stored.values():
            row.delete()
        for row in wanted.values():
            row.save()
    return faults


def _faults(row: Model, prefix: str, *, exclude: set[str]) -> list[FaultDict]:
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        return [fault(f"{prefix}{name}", words) for name, found in error.message_dict.items() for words in found]
    return []


class ShopView(ApiView):
    """The shop's settings."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": ApiKey.Scope.READ, "PATCH": ApiKey.Scope.RUN}

    @operation(name="read_shop", summary="Read the shop's settings", answers={200: ShopDesign}, tag="design")
    def get(self, request: Request) -> Response:
        """Return every setting."""
        return Response(shop_shape(Shop.get()))

    @operation(
        name="change_shop",
        summary="Change some of the shop's settings; a list that is given replaces the stored one",
        body=ShopDesign,
        answers={200: ShopDesign},
        problems=WRITING,
        tag="design",
    )
    def patch(self, request: Request) -> Response:
        """Store the given fields, all or none."""
        design = ShopDesign.model_validate_json(json_body(request))
        Shop.get()
        with transaction.atomic():
            shop = Shop.objects.select_for_update().get()
            before = shop_shape(shop)
            write_shop(design, shop)
            after = shop_shape(Shop.objects.get())
            if changed := [name for name in after if after[name] != before[name]]:
                by = actor_of_key(key_of(request))
                audit.note(AuditEntry.Action.EDITED, shop, by=by, now=clock.now(), fields=changed)
        return Response(after)
