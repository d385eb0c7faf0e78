"""What a shop posts, typed: customer, order, product, event, answer, consent."""

from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from campaigns.ingest.values import (
    BirthDate,
    Country,
    Currency,
    Email,
    ExternalId,
    Instant,
    JsonObject,
    Language,
    LongText,
    Money,
    Phone,
    Points,
    ShortText,
    Text,
    Timezone,
    refuse,
)

Sku = Annotated[str, Text(100, shortest=1)]
Url = Annotated[str, Text(500)]


def _http(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise refuse("url", _("is not an address that begins with https://"))
    return value


def _by_language(value: dict[str, str]) -> dict[str, str]:
    if "" in value:
        raise refuse("language", _("has an empty language"))
    return value


class Item(BaseModel):
    """One posted item: strict types, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CustomerItem(Item):
    """A customer, whole: a field left out is emptied, as PUT does."""

    type: Literal["customer"] = "customer"
    id: ExternalId
    email: Email = ""
    phone: Phone = ""
    first_name: ShortText = ""
    last_name: ShortText = ""
    birth_date: BirthDate | None = Field(default=None, json_schema_extra={"example": "1988-03-14"})
    language: Language = ""
    timezone: Timezone = ""
    country: Country = ""
    signed_up_at: Instant | None = None
    tags: Annotated[list[Annotated[str, Text(60, shortest=1)]], Field(max_length=100)] = []
    points: Points = 0
    attributes: JsonObject = {}
    updated_at: Instant | None = None


class OrderLine(Item):
    """One line of an order."""

    sku: Sku
    name: Annotated[str, Text(300)] = ""
    category: ShortText = ""
    quantity: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    unit_price: Money = "0"


class OrderItem(Item):
    """An order as it now stands; a version with an older `updated_at` than the stored one changes nothing."""

    type: Literal["order"] = "order"
    id: ExternalId
    customer: ExternalId
    placed_at: Instant
    currency: Currency
    total: Money
    tax: Money = "0"
    shipping: Money = "0"
    discount: Money = "0"
    discount_codes: Annotated[list[Annotated[str, Text(100, shortest=1)]], Field(max_length=50)] = []
    refunded: Money = "0"
    status: Literal["pending", "paid", "packed", "shipped", "delivered", "returning", "refunded", "cancelled"] = "paid"
    channel: Annotated[str, Text(40)] = ""
    gift: bool = False
    test: bool = False
    promised_at: Instant | None = None
    shipped_at: Instant | None = None
    delivered_at: Instant | None = None
    lines: Annotated[list[OrderLine], Field(max_length=5000)] = []
    updated_at: Instant | None = None


class ProductItem(Item):
    """An article that a gesture can show; `names` maps a language to the article's name."""

    type: Literal["product"] = "product"
    id: Sku
    names: Annotated[dict[Language, ShortText], Field(max_length=50), AfterValidator(_by_language)] = {}
    url: Annotated[Url, AfterValidator(_http)] = ""
    image_url: Annotated[Url, AfterValidator(_http)] = ""
    category: ShortText = ""
    stock: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)] | None = None


class EventItem(Item):
    """One action of a customer, or of a visitor known by `anonymous_id` alone."""

    type: Literal["event"] = "event"
    id: ExternalId
    customer: ExternalId | None = None
    anonymous_id: Annotated[str, Text(200)] = ""
    name: Annotated[str, Text(100, shortest=1)]
    occurred_at: Instant
    properties: JsonObject = {}

    @model_validator(mode="after")
    def _somebody(self) -> "EventItem":
        if self.customer is None and not self.anonymous_id:
            raise refuse("who", _("needs customer or anonymous_id"))
        return self


class AnswerItem(Item):
    """An answer to a survey, 0 to 10."""

    type: Literal["answer"] = "answer"
    id: ExternalId
    customer: ExternalId
    survey: Annotated[str, Text(60, shortest=1)] = "nps"
    score: Annotated[int, Field(ge=0, le=10)]
    comment: LongText = ""
    answered_at: Instant


class ConsentItem(Item):
    """One word of a customer about being written to on a channel."""

    type: Literal["consent"] = "consent"
    customer: ExternalId
    channel: Literal["email", "sms"]
    purpose: Literal["marketing"] = "marketing"
    granted: bool
    source: Annotated[str, Text(80)] = ""
    text: LongText = ""
    given_at: Instant


AnyItem = Annotated[
    CustomerItem | OrderItem | ProductItem | EventItem | AnswerItem | ConsentItem, Field(discriminator="type")
]


def item_id(item: Any) -> str:
    """Return the shop's id of an item; a consent has none and goes by its customer."""
    return str(item.customer if isinstance(item, ConsentItem) else item.id)
