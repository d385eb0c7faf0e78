"""Twilio's webhooks: what became of an SMS, and what people answer: STOP, START, HELP (French and English), scores."""

import unicodedata
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from campaigns import clock
from campaigns.address import address_key
from campaigns.consent import refuse, welcome_back
from campaigns.ingest.rows import insert_new
from campaigns.models import ChannelName, Customer, Shop, Suppression
from triggers.callbacks.answers import keep_score, score_of
from triggers.callbacks.record import Report, record
from triggers.callbacks.words import twilio_word
from triggers.models import DeliveryEvent

PROVIDER: Final = "twilio"
STOP: Final = frozenset(
    {"stop", "stopall", "arret", "arreter", "desabonner", "desabonnement", "desinscrire", "desinscription"}
    | {"unsubscribe", "cancel", "end", "quit", "revoke", "optout", "fin"}
)
# These say no even with more behind them ("STOP please"); "end" and "fin" may begin any sentence.
_STOP_FIRST: Final = frozenset({"stop", "stopall", "arret", "desabonner", "desabonnement", "unsubscribe"})
START: Final = frozenset({"start", "unstop", "reprendre", "reabonner"})
HELP: Final = frozenset({"help", "info", "aide"})


@csrf_exempt
@require_POST
def status(request: HttpRequest, attempt: str = "") -> HttpResponse:
    """Take in one status of one SMS; `attempt` is the id that our StatusCallback address carries."""
    if not is_signed(request):
        return HttpResponseForbidden()
    sid, word = request.POST.get("MessageSid", ""), request.POST.get("MessageStatus", "")
    if not sid or not word:
        return HttpResponseBadRequest()
    now, error_code = clock.now(), request.POST.get("ErrorCode", "")
    report = Report(
        provider=PROVIDER,
        channel=ChannelName.SMS,
        # Twilio numbers no events: a message comes to each status once.
        event_id=f"{sid}:{word}"[:200],
        word=twilio_word(word, error_code),
        occurred_at=now,
        attempt_id=attempt,
        provider_id=sid[:120],
        address=request.POST.get("To", ""),
        code=error_code,
        payload=dict(request.POST.items()),
    )
    record([report], now)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def inbound(request: HttpRequest) -> HttpResponse:
    """Heed STOP, START and HELP and answer in the shop's name, and keep a score that we asked for.

    Any other message is left to the shop's own inbox.
    """
    if not is_signed(request):
        return HttpResponseForbidden()
    # With Twilio's own opt-out management on, it names the word itself and has answered already.
    managed = request.POST.get("OptOutType", "").lower()
    body, now = request.POST.get("Body", ""), clock.now()
    key, sid = address_key(request.POST.get("From", "")), request.POST.get("MessageSid", "")
    scored = None if managed else score_of(body)
    if scored is not None:
        keep_score(*scored, key, provider=PROVIDER, sid=sid, now=now)
    # "9 stop" is both.
    wish = managed or wish_of(scored[1] if scored else body)
    if wish not in ("stop", "start", "help") or (scored and wish != "stop"):
        return _twiml("")
    heed(wish, key, sid=f"{sid}:score" if scored else sid, now=now)
    return _twiml("" if managed else _answer(wish, key))


def is_signed(request: HttpRequest) -> bool:
    """Return whether Twilio signed this form for the address at which the world knows us; without a token, never.

    While a token is being changed Twilio signs with the one or the other, so the old ones are believed too.
    """
    signature = request.headers.get("X-Twilio-Signature", "")
    url = settings.PUBLIC_URL + request.get_full_path()
    tokens = filter(None, (settings.TWILIO_AUTH_TOKEN, *settings.TWILIO_AUTH_TOKEN_FALLBACKS))
    return any(RequestValidator(token).validate(url, request.POST, signature) for token in tokens)


def wish_of(body: str) -> str:
    """Return `stop`, `start` or `help` where an SMS says so in any case or accent, else an empty text."""
    plain = unicodedata.normalize("NFKD", body).casefold()
    words = "".join(
        letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter)
    ).split()
    if not words:
        return ""
    whole = "".join(words)
    if whole in STOP or words[0] in _STOP_FIRST:
        return "stop"
    return "start" if whole in START else "help" if whole in HELP else ""


def heed(wish: str, key: str, *, sid: str, now: datetime) -> None:
    """Act once on the wish of message `sid`, whose sender has the address key `key`; neither number nor text is kept.

    A STOP delivered again after a START must not close the number again.
    """
    row = {"provider": PROVIDER, "event_id": f"{sid}:received"[:200], "kind": wish, "payload": {}}
    with transaction.atomic():
        if not insert_new(
            DeliveryEvent, [row | {"occurred_at": now, "recorded_at": now}], key=("provider", "event_id")
        ):
            return
        if wish == "stop":
            refuse(ChannelName.SMS, key, Suppression.Reason.STOPPED, source="SMS STOP", now=now)
        elif wish == "start":
            welcome_back(ChannelName.SMS, key, source="SMS START", now=now)


def _answer(wish: str, key: str) -> str:
    shop = Shop.get()
    language = Customer.objects.exclude(phone_key="").filter(phone_key=key).values_list("language", flat=True).first()
    with translation.override("fr" if (language or shop.language).lower().startswith("fr") else "en"):
        answers = {
            "stop": _("%(shop)s: you will get no more text messages from us. Answer START to get them again."),
            "start": _("%(shop)s: welcome back! Answer STOP at any time to get no more text messages."),
            "help": _(
                "%(shop)s: small attentions from our shop. Answer STOP to get no more text messages. %(website)s"
            ),
        }
        return (answers[wish] % {"shop": shop.name, "website": shop.website}).strip()


def _twiml(answer: str) -> HttpResponse:
    response = MessagingResponse()
    if answer:
        response.message(answer)
    return HttpResponse(str(response), content_type="text/xml")
