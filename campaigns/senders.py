"""Who speaks in which language, and what the countries of the recipients demand of an SMS and its sender."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from campaigns.gestures.sms import asks_for_score
from campaigns.models import ChannelName, Customer, GestureTemplate, Sender, Shop, Variant

# Carriers there carry no names as senders (Twilio's list of international alphanumeric senders).
_NUMBERS_ONLY: Final = frozenset({"BR", "CA", "CN", "MX", "US"})
# Nobody can answer a name. There each advertisement must say which short number ends them.
_STOP_LINE: Final[dict[str, re.Pattern[str]]] = {"FR": re.compile(r"\bSTOP\b\D{0,20}\b3\d{4}\b")}
_STOP_EXAMPLE: Final = {"FR": "STOP au 36111"}
_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}|[1-9]\d{3,6}")
_SERVICE: Final = re.compile(r"MG[0-9a-f]{32}")
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ._&+-]{1,11}")


def by_language(senders: Iterable[Sender]) -> dict[str, Sender]:
    """Return `senders` by their language in lower case, the oldest first where two share one."""
    return {sender.language.casefold(): sender for sender in sorted(senders, key=lambda one: -one.pk)}


def choose_sender(senders: Mapping[str, Sender], language: str, shop: Shop) -> Sender | None:
    """Return who writes in `language`: its own sender (fr-CA), its base's (fr), the shop's, else anybody."""
    wanted = (language.casefold(), language.casefold().split("-")[0], shop.language.casefold())
    found = next((senders[name] for name in wanted if name in senders), None)
    return found or next(iter(senders.values()), None)


def is_name(sms_from: str) -> bool:
    """Return whether an SMS sender is a name, which nobody can answer."""
    return not (_NUMBER.fullmatch(sms_from) or _SERVICE.fullmatch(sms_from))


def sms_problems(gesture: GestureTemplate) -> list[str]:
    """Return what the senders of the gesture's SMS, and their texts, lack where the recipients live."""
    shop = Shop.get()
    senders = by_language(Sender.objects.all())
    texts = [text for text in gesture.variants.all() if text.channel == ChannelName.SMS]
    pairs = [(text, sender) for text in texts if (sender := choose_sender(senders, text.language, shop))]
    problems = [
        _("The sender in %(language)s has no number or name for SMS: add one in the shop's settings.")
        % {"language": sender.language}
        for sender in _each_once(sender for _text, sender in pairs if not sender.sms_from)
    ]
    problems += [
        _("%(sender)s can be no SMS sender: write a number like +33939980000, or up to 11 letters without accents.")
        % {"sender": sender.sms_from}
        for sender in _each_once(sender for _text, sender in pairs if sender.sms_from)
        if is_name(sender.sms_from) and not _NAME.fullmatch(sender.sms_from)
    ]
    named = [(text, sender) for text, sender in pairs if sender.sms_from and is_name(sender.sms_from)]
    if not named:
        return problems
    countries = _countries(shop)
    service = gesture.purpose == GestureTemplate.Purpose.SERVICE
    for text, sender in named:
        problems += [
            f"{ChannelName.SMS.label}, {text.language}: {problem}"
            for problem in _name_problems(text, sender.sms_from, countries, service=service)
        ]
    return problems


def _name_problems(text: Variant, name: str, countries: Sequence[str], *, service: bool) -> list[str]:
    problems = []
    if refused := [country for country in countries if country in _NUMBERS_ONLY]:
        problems.append(
            _("%(countries)s: no names as senders there; write from a number instead of “%(name)s”.")
            % {"countries": ", ".join(refused), "name": name}
        )
    for country, stop in () if service else _STOP_LINE.items():
        if country in countries and not stop.search(text.body):
            problems.append(
                _("“%(name)s” cannot receive a STOP: end the text with a line like “%(line)s”.")
                % {"name": name, "line": _STOP_EXAMPLE[country]}
            )
    if asks_for_score(text.body) and "survey_url" not in text.body:
        problems.append(
            _("“%(name)s” cannot receive a score: put {{ survey_url }} into the text, or write from a number.")
            % {"name": name}
        )
    return problems


def _countries(shop: Shop) -> list[str]:
    """Return the shop's country and those of its customers with a phone, read only where a sender is a name."""
    known = Customer.objects.exclude(phone="").order_by().values_list("country", flat=True).distinct()
    return sorted({shop.country.upper(), *(country.upper() for country in known)} - {""})


def _each_once(senders: Iterable[Sender]) -> list[Sender]:
    return list({sender.pk: sender for sender in senders}.values())
