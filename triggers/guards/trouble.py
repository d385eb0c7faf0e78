"""Not now: the customer is in trouble, and a kind word about something else would sound like mockery.

An open request, a late parcel, a return under way, or a latest score of at most 6. Each fades after 30 days: what a
shop forgot to close must not silence a customer for ever.
"""

from datetime import timedelta
from typing import Any, Final

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from campaigns.models import Answer, Event, Order, OrderStatus
from campaigns.models.event import TICKET_OPENED, TICKET_REPLIES
from triggers.guards.guard import Guard, Setting
from triggers.occasions import kind_of

_FADES: Final = timedelta(days=30)
_UNHAPPY: Final = 6
_ON_ITS_WAY: Final = (OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.SHIPPED)
_TICKET: Final = Coalesce(Cast(KT("properties__ticket"), CharField()), Value(""))


def _troubles(setting: Setting, path: str) -> dict[str, Exists]:
    """Return each trouble as an expression over a customer."""
    customer, now = OuterRef(f"{path}pk"), setting.now
    lately = (now - _FADES, now)
    replies = Event.objects.annotate(answers=_TICKET).filter(
        customer=OuterRef("customer"),
        name__in=TICKET_REPLIES,
        occurred_at__gte=OuterRef("occurred_at"),
        occurred_at__lte=now,
        answers=OuterRef("ticket"),
    )
    tickets = Event.objects.annotate(ticket=_TICKET).filter(
        ~Exists(replies.order_by()), customer=customer, name=TICKET_OPENED, occurred_at__range=lately
    )
    not_there = Q(delivered_at__isnull=True, status__in=_ON_ITS_WAY) | Q(delivered_at__gt=now)
    orders = Order.objects.filter(customer=customer)
    better = Answer.objects.filter(
        customer=OuterRef("customer"), score__gt=_UNHAPPY, answered_at__gt=OuterRef("answered_at"), answered_at__lte=now
    )
    answers = Answer.objects.filter(
        ~Exists(better.order_by()), customer=customer, score__lte=_UNHAPPY, answered_at__range=lately
    )
    return {
        "ticket": setting.exists(tickets),
        "late": setting.exists(orders.filter(not_there, valid=True, promised_at__range=lately)),
        "return": setting.exists(orders.filter(status=OrderStatus.RETURNING, updated_at__range=lately)),
        "score": setting.exists(answers),
    }


def _asked(setting: Setting) -> bool:
    """A service message is about the trouble, and so is a kind of moment that speaks to it."""
    campaign = setting.campaign
    return not (setting.service or campaign.even_in_trouble or kind_of(campaign).speaks_to_trouble)


def _at_ease(setting: Setting, _channel: str, path: str) -> Q:
    at_ease = Q()
    for trouble in _troubles(setting, path).values() if _asked(setting) else ():
        at_ease &= ~Q(trouble)
    return at_ease


def _which(setting: Setting, path: str) -> Any:
    if not _asked(setting):
        return Value("")
    named = [When(trouble, then=Value(name)) for name, trouble in _troubles(setting, path).items()]
    return Case(*named, default=Value(""), output_field=CharField())


IN_TROUBLE: Final = Guard("in_trouble", _at_ease, moves_to="tomorrow_at", by_channel=False, seen=_which)
