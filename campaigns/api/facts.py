"""Customers, orders, products, events, answers and consents, one by one and as a batch."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _
from pydantic_core import from_json, to_json
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns import clock
from campaigns.api.body import json_body
from campaigns.api.contract import (
    IDEMPOTENCY_KEY,
    KEYED,
    WRITING,
    BatchResults,
    CustomerBody,
    CustomerOut,
    OrderBody,
    OrderOut,
    ProductBody,
    Told,
    operation,
)
from campaigns.api.idempotency import idempotent
from campaigns.api.shapes import customer_shape, order_shape, product_shape
from campaigns.api.throttling import KeyRate
from campaigns.ingest.batch import Batch, ingest_json, patch_customer, store
from campaigns.ingest.faults import Refused, fault
from campaigns.ingest.items import (
    AnswerItem,
    ConsentItem,
    CustomerItem,
    EventItem,
    Item,
    OrderItem,
    ProductItem,
    item_id,
)
from campaigns.ingest.stored import Outcome
from campaigns.models import ApiKey, Customer, Order, Product, Shop

_INGEST = ApiKey.Scope.INGEST
_READ = ApiKey.Scope.READ
told = partial(operation, answers={200: Told, 201: Told})


class ApiView(APIView):
    """A view of the API: its key's scopes by method, and its key's rate."""

    throttle_classes = [KeyRate]
    scopes: ClassVar[Mapping[str, str]] = {"GET": _READ}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask for the key, and refuse a parameter that PostgreSQL could not compare with anything."""
        super().initial(request, *args, **kwargs)
        for name, values in request.query_params.lists():
            if any("\0" in text for text in (name, *values)):
                raise Refused(fault(name.replace("\0", ""), _("holds a NUL character, which no database stores")))


def _with_id[I: Item](kind: type[I], body: bytes, external_id: str) -> I:
    """Return the body as an item of `kind` whose id is the path's. Raises Refused, and pydantic's ValidationError."""
    try:
        raw = from_json(body)
    except ValueError as error:
        raise Refused(fault("", _("The body is not valid JSON: %(error)s") % {"error": error})) from None
    if not isinstance(raw, dict):
        raise Refused(fault("", _("The body is not a JSON object.")))
    if raw.get("id", external_id) != external_id:
        raise Refused(fault("id", _("differs from the id in the address")))
    return kind.model_validate_json(to_json(raw | {"id": external_id}, inf_nan_mode="constants"))


def _answer(item: Any, outcome: Outcome) -> Response:
    if isinstance(outcome, Refused):
        raise outcome
    body = {"type": item.type, "id": item_id(item), "result": outcome}
    return Response(body, status=201 if outcome == "created" else 200)


class CustomerView(ApiView):
    """One customer."""

    scopes = {"GET": _READ, "PUT": _INGEST, "PATCH": _INGEST}

    @operation(name="read_customer", summary="Read a customer", answers={200: CustomerOut})
    def get(self, request: Request, external_id: str) -> Response:
        """Return the customer."""
        customer = Customer.objects.select_related("tier").filter(external_id=external_id).first()
        if customer is None:
            raise Http404
        return Response(customer_shape(customer, Shop.get().currency))

    @told(name="put_customer", summary="Store a customer whole", body=CustomerBody, problems=WRITING)
    def put(self, request: Request, external_id: str) -> Response:
        """Store the customer; fields left out are emptied."""
        item = _with_id(CustomerItem, json_body(request), external_id)
        return _answer(item, store([item], clock.now())[0])

    @told(name="patch_customer", summary="Change some fields of a customer", body=CustomerBody, problems=WRITING)
    def patch(self, request: Request, external_id: str) -> Response:
        """Store the given fields alone; 404 where the customer is not known."""
        item = _with_id(CustomerItem, json_body(request), external_id)
        outcome = patch_customer(item, clock.now())
        if outcome is None:
            raise Http404
        return _answer(item, outcome)


class OrderView(ApiView):
    """One order."""

    scopes = {"GET": _READ, "PUT": _INGEST}

    @operation(name="read_order", summary="Read an order", answers={200: OrderOut})
    def get(self, request: Request, external_id: str) -> Response:
        """Return the order."""
        order = Order.objects.select_related("customer").filter(external_id=external_id).first()
        if order is None:
            raise Http404
        return Response(order_shape(order, Shop.get().currency))

    @told(name="put_order", summary="Store an order as it now stands", body=OrderBody, problems=WRITING)
    def put(self, request: Request, external_id: str) -> Response:
        """Store the order, with its customer's totals and tier."""
        item = _with_id(OrderItem, json_body(request), external_id)
        return _answer(item, store([item], clock.now())[0])


class ProductView(ApiView):
    """One product."""

    scopes = {"GET": _READ, "PUT": _INGEST}

    @operation(name="read_product", summary="Read a product", answers={200: ProductItem})
    def get(self, request: Request, sku: str) -> Response:
        """Return the product."""
        product = Product.objects.filter(sku=sku).first()
        if product is None:
            raise Http404
        return Response(product_shape(product))

    @told(name="put_product", summary="Store a product", body=ProductBody, problems=WRITING)
    def put(self, request: Request, sku: str) -> Response:
        """Store the product whole."""
        item = _with_id(ProductItem, json_body(request), sku)
        return _answer(item, store([item], clock.now())[0])


class _FactView(ApiView):
    """Takes one fact of `kind`."""

    scopes = {"POST": _INGEST}
    kind: ClassVar[type[Item]]

    def take(self, body: bytes) -> Response:
        """Store the fact in the body."""
        item = self.kind.model_validate_json(body)
        return _answer(item, store([item], clock.now())[0])


_posted = partial(told, problems=KEYED, parameters=[IDEMPOTENCY_KEY])


class EventsView(_FactView):
    """Events, one at a time."""

    kind = EventItem

    @_posted(name="post_event", summary="Store an event", body=EventItem)
    @idempotent
    def post(self, request: Request, body: bytes) -> Response:
        """Store one event."""
        return self.take(body)


class AnswersView(_FactView):
    """Answers, one at a time."""

    kind = AnswerItem

    @_posted(name="post_answer", summary="Store an answer", body=AnswerItem)
    @idempotent
    def post(self, request: Request, body: bytes) -> Response:
        """Store one answer."""
        return self.take(body)


class ConsentsView(_FactView):
    """Consents, one at a time."""

    kind = ConsentItem

    @_posted(name="post_consent", summary="Record a consent or a refusal", body=ConsentItem)
    @idempotent
    def post(self, request: Request, body: bytes) -> Response:
        """Record one consent."""
        return self.take(body)


class BatchView(ApiView):
    """Up to 1,000 items of any types."""

    scopes = {"POST": _INGEST}

    @operation(
        name="post_batch",
        summary="Store up to 1,000 items, each whole or not at all",
        body=Batch,
        answers={200: BatchResults},
        problems=KEYED,
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, body: bytes) -> Response:
        """Store the items and say what became of each."""
        return Response({"results": ingest_json(body, clock.now())})
