"""`/api/v1/spend`: what acquisition cost, by channel and week; and `/api/v1/referral-codes`: whose a code is."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.body import json_body
from campaigns.api.contract import IDEMPOTENCY_KEY, KEYED, WRITING, operation
from campaigns.api.facts import ApiView
from campaigns.api.idempotency import idempotent
from campaigns.ingest.faults import FaultDict, Refused, fault
from campaigns.ingest.values import ExternalId, Money, Text
from campaigns.models import ApiKey, Customer, ReferralCode, Shop, Spend
from campaigns.models.fields import major_units
from campaigns.spend import SpendRow, spend_row, store_spend


class SpendItem(BaseModel):
    """What one channel cost in the week that begins on the Monday `week`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    week: Annotated[str, Field(json_schema_extra={"example": "2026-01-05", "format": "date"})]
    channel: Annotated[str, Text(60, shortest=1)]
    amount: Money


class SpendBody(BaseModel):
    """Up to 1,000 amounts; one told before for the same channel and week is replaced."""

    model_config = ConfigDict(extra="forbid", strict=True)

    spend: Annotated[list[SpendItem], Field(max_length=1000)]


class SpendStored(BaseModel):
    """How many amounts were new, and how many replaced one told before."""

    created: int
    updated: int


class SpendOut(BaseModel):
    """The amounts, the latest week first."""

    currency: str
    spend: list[SpendItem]


class SpendView(ApiView):
    """Acquisition spend."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": ApiKey.Scope.READ, "POST": ApiKey.Scope.INGEST}

    @operation(
        name="read_spend",
        summary="Read the acquisition spend by channel and week",
        answers={200: SpendOut},
        parameters=[OpenApiParameter("channel", OpenApiTypes.STR, description="This channel alone.")],
        tag="measure",
    )
    def get(self, request: Request) -> Response:
        """Return the last thousand amounts."""
        rows = Spend.objects.order_by("-week", "channel")
        channel = request.query_params.get("channel", "").replace("\0", "")
        if channel:
            rows = rows.filter(channel=channel)
        currency = Shop.get().currency
        told = [
            {"week": row.week.isoformat(), "channel": row.channel, "amount": str(major_units(row.amount, currency))}
            for row in rows[:1000]
        ]
        return Response({"currency": currency, "spend": told})

    @operation(
        name="post_spend",
        summary="Tell the acquisition spend by channel and week, all amounts or none",
        body=SpendBody,
        answers={200: SpendStored},
        problems=KEYED,
        parameters=[IDEMPOTENCY_KEY],
        tag="measure",
    )
    @idempotent
    def post(self, request: Request, body: bytes) -> Response:
        """Store the amounts."""
        rows: list[SpendRow] = []
        faults: list[FaultDict] = []
        for place, item in enumerate(SpendBody.model_validate_json(body).spend):
            try:
                rows.append(spend_row(item.week, item.channel, item.amount, path=f"spend.{place}"))
            except Refused as refused:
                faults += refused.faults
        if faults:
            raise Refused(*faults[:50])
        created, updated = store_spend(rows)
        return Response({"created": created, "updated": updated})


class ReferralCodeBody(BaseModel):
    """Whose a referral code is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    customer: ExternalId


class ReferralCodeOut(ReferralCodeBody):
    """A referral code as stored, in capitals."""

    code: str


class ReferralCodeView(ApiView):
    """One referral code."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": ApiKey.Scope.READ, "PUT": ApiKey.Scope.INGEST}

    @operation(name="read_referral_code", summary="Read whose a referral code is", answers={200: ReferralCodeOut})
    def get(self, request: Request, code: str) -> Response:
        """Return the code with its customer."""
        row = ReferralCode.objects.select_related("customer").filter(code=code.strip().upper()).first()
        if row is None:
            raise Http404
        return Response(_shown(row))

    @operation(
        name="put_referral_code",
        summary="Give a customer a referral code: first orders of others with it are referrals",
        body=ReferralCodeBody,
        answers={200: ReferralCodeOut},
        problems=WRITING,
    )
    def put(self, request: Request, code: str) -> Response:
        """Store the code; a code given to another customer before is theirs no longer."""
        wanted = code.strip().upper()
        if not 1 <= len(wanted) <= 100:
            raise Refused(fault("code", "needs 1 to 100 characters"))
        body = ReferralCodeBody.model_validate_json(json_body(request))
        customer = Customer.objects.filter(external_id=body.customer).first()
        if customer is None:
            raise Refused(fault("customer", "is not known yet: send the customer first"))
        row, _created = ReferralCode.objects.update_or_create(code=wanted, defaults={"customer": customer})
        return Response(_shown(row))


def _shown(row: ReferralCode) -> dict[str, Any]:
    return {"code": row.code, "customer": row.customer.external_id}
