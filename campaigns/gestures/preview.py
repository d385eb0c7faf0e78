"""A text as one customer would see it, before anything is sent: for the editor, the campaign page and the API."""

from dataclasses import dataclass

from django.conf import settings

from campaigns.gestures.check import missing_facts, text_problems
from campaigns.gestures.compile import compile_text, numbered
from campaigns.gestures.context import contexts, example_order
from campaigns.gestures.faults import TextFault
from campaigns.gestures.render import Rendered, render
from campaigns.gestures.sms import sms_segments
from campaigns.models import ChannelName, Customer, Order, Shop, Variant


@dataclass(frozen=True, slots=True)
class Preview:
    """The message, or None and why it cannot be made. `segments` counts an SMS; `invented_order` says that the customer
    has no order and an example stands in."""

    rendered: Rendered | None
    problems: list[str]
    segments: int = 0
    invented_order: bool = False


def preview(variant: Variant, customer: Customer, *, order: Order | None = None, with_order: bool = True) -> Preview:
    """Return `variant`, saved or not, for `customer` with `order` (their latest by default), or with none where the
    campaign's moment is about no order. Nothing is stored, links keep their own addresses, and leaving from a preview
    does nothing."""
    problems = text_problems(variant)
    if problems:
        return Preview(None, problems)
    shop = Shop.get()
    if with_order and order is None:
        order = customer.orders.order_by("-placed_at").first()
    (facts,) = contexts([(customer, order)], shop, languages=[variant.language])
    invented = with_order and order is None
    if invented:
        facts["order"] = example_order(variant.language, shop.currency)
    facts["survey_url"] = f"{settings.PUBLIC_URL}/s/preview"
    unsubscribe_url = f"{settings.PUBLIC_URL}/u/preview"
    try:
        compiled = compile_text(variant, register=numbered)
        rendered = render(
            compiled,
            facts,
            link_url=compiled.links.__getitem__,
            unsubscribe_url=unsubscribe_url,
        )
    except TextFault as fault:
        return Preview(None, missing_facts(variant, facts | {"unsubscribe_url": unsubscribe_url}) or [str(fault)])
    segments = sms_segments(rendered.text) if variant.channel == ChannelName.SMS else 0
    return Preview(rendered, [], segments=segments, invented_order=invented)
