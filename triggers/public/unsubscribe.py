"""The way to leave: a page with a button for people, a POST for mail programs (RFC 8058). A GET changes nothing."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import clock
from campaigns.consent import ADDRESS_KEYS, refuse, withdraw
from campaigns.models import ChannelName, Sender, Suppression
from campaigns.senders import by_language
from triggers.links import BadToken, read_unsubscribe
from triggers.models import Delivery
from triggers.public.pages import broken_link, show, spoken_language


# Mail programs post without a cookie, so there is nothing that a forged cross-site request could borrow: the signed
# token alone says whose wish it is.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button, or heed it: 200 either way, without a cookie or a redirect (RFC 8058, section 3.1)."""
    try:
        delivery = Delivery.objects.select_related("customer").get(pk=read_unsubscribe(token))
    except (BadToken, Delivery.DoesNotExist, OverflowError):
        return broken_link(request)
    language = delivery.customer.language
    facts = {"is_sms": delivery.channel == ChannelName.SMS}
    if request.method != "POST":
        return show(request, "public/unsubscribe.html", facts, language=language)
    leave(delivery, now=clock.now())
    return show(request, "public/unsubscribed.html", facts | {"farewell": farewell(language)}, language=language)


def farewell(language: str) -> str:
    """Return the shop's own last words in the language of the page, '' where it has none in that language.

    They are those of the sender that would write to them (fr-CA before fr), but never in a language the page is not in.
    """
    spoken = spoken_language(language)
    words = {name: sender.farewell for name, sender in by_language(Sender.objects.exclude(farewell="")).items()}
    own = language.casefold() if language.casefold().partition("-")[0] == spoken else spoken
    return words.get(own) or words.get(spoken, "")


def leave(delivery: Delivery, *, now: datetime) -> None:
    """Withdraw the consent of the delivery's customer and close the address it went to, and their present one."""
    customer, channel = delivery.customer, delivery.channel
    present = getattr(customer, ADDRESS_KEYS[ChannelName(channel)])
    with transaction.atomic():
        withdraw(customer, channel, "unsubscribe link", now)
        for key in {delivery.address_key, present} - {""}:
            refuse(channel, key, Suppression.Reason.UNSUBSCRIBED, source="unsubscribe link", now=now)
