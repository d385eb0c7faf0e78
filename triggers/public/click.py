"""A followed link: counted, then on to the address that the database holds for it."""

from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from campaigns import clock
from campaigns.models import Link
from triggers.links import BadToken, read_click
from triggers.models import Click, Delivery
from triggers.public.pages import broken_link, private


@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to the link's address; a GET is counted, a HEAD (a scanner, a preview) is not."""
    try:
        delivery_id, link_id = read_click(token)
        link = Link.objects.get(pk=link_id)
    except (BadToken, Link.DoesNotExist, OverflowError):
        return broken_link(request)
    delivery = Delivery.objects.select_related("campaign").filter(pk=delivery_id).first()
    if delivery is not None and request.method == "GET":
        count_click(delivery, link, now=clock.now())
    target = tagged(link.url, delivery) if delivery is not None and delivery.campaign.utm else link.url
    return private(HttpResponseRedirect(target))


def count_click(delivery: Delivery, link: Link, *, now: datetime) -> None:
    """Keep that the customer of `delivery` followed `link`."""
    Click.objects.create(delivery=delivery, link=link, clicked_at=now)


def tagged(url: str, delivery: Delivery) -> str:
    """Return `url` with the campaign's utm_source, utm_medium and utm_campaign; what the address says itself stays."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    present = {name for name, _value in query}
    tags = {
        "utm_source": "microattentions",
        "utm_medium": delivery.channel,
        "utm_campaign": delivery.campaign.slug,
    }
    added = urlencode({name: value for name, value in tags.items() if name not in present})
    # The address's own query is kept as it was written: some shops sign theirs.
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))
