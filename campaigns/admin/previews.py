"""The preview of a campaign's texts on a customer chosen by name: each e-mail in a frame with its own policy."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import escape

from campaigns.admin.frames import mail_page, mail_policy
from campaigns.gestures.preview import preview
from campaigns.models import Campaign, ChannelName, Customer, Sender, Shop, Variant
from campaigns.moment_kinds import about_order

FOUND: Final = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """One text as the chosen customer would see it, or why it cannot be."""

    variant: Variant
    sender: str
    subject: str
    text: str
    html_url: str
    problems: list[str]
    segments: int
    invented_order: bool


def find_customers(words: str) -> list[Customer]:
    """Return the first customers whose id is `words`, or whose names or e-mail begin with them."""
    if not words:
        return []
    match = Q(external_id=words)
    for part in words.split()[:3]:
        match |= Q(first_name__istartswith=part) | Q(last_name__istartswith=part) | Q(email__istartswith=part)
    return list(Customer.objects.filter(match).order_by("-orders_count", "pk")[:FOUND])


def usual_customer() -> Customer | None:
    """Return somebody to preview on before anyone is chosen: the customer who came last."""
    return (
        Customer.objects.filter(orders_count__gt=0).order_by("-pk").first() or Customer.objects.order_by("-pk").first()
    )


def shown(campaign: Campaign, customer: Customer) -> list[Shown]:
    """Return every text on the campaign's channels, in their order, as `customer` would see it."""
    senders = {sender.language: sender for sender in Sender.objects.filter(shop=Shop.get())}
    fallback = next(iter(senders.values()), None)
    variants = campaign.gesture.variants.filter(channel__in=campaign.channels)
    ranked = sorted(
        variants, key=lambda variant: (campaign.channels.index(variant.channel), variant.language, variant.rank)
    )
    with_order = about_order(campaign.moment)
    cards = []
    for variant in ranked:
        seen = preview(variant, customer, with_order=with_order)
        sender = senders.get(variant.language, fallback)
        is_email = variant.channel == ChannelName.EMAIL
        url = reverse("admin:campaigns_variant_preview", args=(variant.pk,))
        cards.append(
            Shown(
                variant=variant,
                sender="" if sender is None else sender.email_name if is_email else sender.sms_from,
                subject=seen.rendered.subject if seen.rendered else "",
                text=seen.rendered.text if seen.rendered else "",
                html_url=f"{url}?customer={customer.pk}" if is_email else "",
                problems=seen.problems,
                segments=seen.segments,
                invented_order=seen.invented_order,
            )
        )
    return cards


@mail_policy
def preview_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer one text's HTML for the customer of the address, for its frame."""
    if not request.user.has_perms(["campaigns.view_variant", "campaigns.view_customer"]):
        return HttpResponse(status=403)
    variant = get_object_or_404(Variant.objects.select_related("gesture"), pk=pk)
    seen = preview(variant, get_object_or_404(Customer, pk=request.GET.get("customer") or 0))
    if seen.rendered is None:
        return mail_page("".join(f"<p>{escape(problem)}</p>" for problem in seen.problems))
    return mail_page(seen.rendered.html)
