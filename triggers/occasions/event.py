"""An event: a customer does something, perhaps for the n-th time, and something else does not follow."""

from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from campaigns.audience.facts import FactCondition, facts_of, facts_sentence
from campaigns.audience.tree import History, Period
from campaigns.bell import Fact
from campaigns.models import Campaign, Event, JourneyMoment, Order
from campaigns.moment_kinds import Example, MomentRule
from triggers.occasions.kind import FRESH_HOURS, NO_ORDER, Brings, OccasionKind, Window, anchored, delay_of, later
from triggers.occasions.words import after_words, either, ordinal

# In `unless`, not the name of an event but any order that counts.
_ORDER: Final = "order"
_Name = Annotated[str, Field(min_length=1, max_length=100)]


class EventRule(MomentRule):
    """Which event, with what about it, for the how manieth time; how long to wait, and what must not come meanwhile."""

    event: _Name = Field(title=gettext_noop("name of the event"))
    where: tuple[FactCondition, ...] = Field(
        default=(),
        max_length=20,
        title=gettext_noop("with these properties"),
        description=gettext_noop("One a line, all must hold: “page = pricing”, “price >= 50”, “size in S, M”."),
    )
    times: int | None = Field(
        default=None, ge=1, le=1000, title=gettext_noop("at which time"), description=gettext_noop("Empty: every time.")
    )
    within_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        title=gettext_noop("counted over how many days"),
        description=gettext_noop("Only with a number of times; empty: since ever."),
    )
    delay_days: int = Field(default=0, ge=0, le=365)
    delay_hours: int = Field(default=0, ge=0, le=24 * 31)
    unless: tuple[_Name, ...] = Field(
        default=(),
        max_length=20,
        title=gettext_noop("unless one of these comes meanwhile"),
        description=gettext_noop(
            "Names of events, or “order”, separated by commas. The event's own name waits for its last time."
        ),
    )

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.within_days and not self.times:
            raise PydanticCustomError("period_without_times", _("Say at which time, or leave out the number of days."))
        if self.unless and not delay_of(self):
            raise PydanticCustomError("unless_without_wait", _("Say how long to wait for what should not come."))
        return self


_EXAMPLES: Final = (
    Example(
        slug="abandoned-cart",
        name=gettext_lazy("Abandoned cart"),
        stage=JourneyMoment.Stage.PURCHASE,
        friction=gettext_lazy("Something came in between, and the cart waits."),
        emotion=gettext_lazy("to be helped, not pushed"),
        rule={"event": "add_to_cart", "delay_hours": 4, "unless": ("order", "add_to_cart", "begin_checkout")},
    ),
    Example(
        slug="price-page-twice",
        name=gettext_lazy("Price page seen twice"),
        stage=JourneyMoment.Stage.DISCOVERY,
        friction=gettext_lazy("They hesitate, and nobody is there to ask."),
        emotion=gettext_lazy("reassurance"),
        rule={
            "event": "page_view",
            "where": ({"field": "properties.page", "is": "is", "value": "pricing"},),
            "times": 2,
            "within_days": 7,
            "delay_hours": 2,
            "unless": ("order",),
        },
    ),
)


class EventKind(OccasionKind):
    """Key `event:<shop's id of the event>`, due at the event plus the delay, fresh for 72 hours.

    The n-th time within some days is reached by the event at whose instant exactly n lie in the days that end with it.
    """

    name = "event"
    label = gettext_lazy("event")
    rule_model = EventRule
    customer_path = "customer__"
    longest_fresh = FRESH_HOURS
    examples = _EXAMPLES

    def brought_by(self, rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        assert isinstance(rule, EventRule)
        # A low score is stored as an event too: campaigns/answers.py.
        return {Fact.EVENT: delay_of(rule), Fact.ANSWER: delay_of(rule)}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "4 hours after a customer does “add_to_cart”, unless an order comes meanwhile"."""
        assert isinstance(rule, EventRule)
        text = after_words(_what(rule), rule.delay_days, rule.delay_hours)
        if not rule.unless:
            return text
        names = [_("an order") if name == _ORDER else _("“%(event)s”") % {"event": name} for name in rule.unless]
        return _("%(text)s, unless %(names)s comes meanwhile") % {"text": text, "names": either(names)}

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind."""
        rule = EventRule.model_validate(campaign.moment.rule)
        happened = anchored(campaign, window, delay_of(rule))
        where = tuple(condition.parsed() for condition in rule.where)
        events = facts_of(History("events", rule.event, "", "at_least", 1, Period(), where), window.until)
        rows = events.filter(
            self.among(campaign, customers),
            _nth(events, rule),
            *(~Exists(facts) for facts in _meanwhile(rule, window)),
            customer__isnull=False,
            occurred_at__gt=happened.after,
            occurred_at__lte=happened.until,
        )
        reached: QuerySet[Any, Any] = rows.annotate(
            key=Concat(Value("event:"), F("external_id")),
            due_at=later("occurred_at", delay_of(rule)),
            fresh_until=later("occurred_at", delay_of(rule) + FRESH_HOURS),
            order_id=NO_ORDER,
        )
        return reached


def _what(rule: EventRule) -> str:
    what = _("a customer does “%(event)s”") % {"event": rule.event}
    if rule.where:
        conditions = facts_sentence("events", [condition.parsed() for condition in rule.where])
        what = _("%(what)s with %(conditions)s") % {"what": what, "conditions": conditions}
    if not rule.times:
        return what
    what = _("%(what)s for the %(nth)s time") % {"what": what, "nth": ordinal(rule.times)}
    if not rule.within_days:
        return what
    days = ngettext("%d day", "%d days", rule.within_days) % rule.within_days
    return _("%(what)s within %(days)s") % {"what": what, "days": days}


# Of two events at one instant, the one that was stored later is the later one.
_EARLIER: Final = Q(occurred_at__lt=OuterRef("occurred_at")) | Q(pk__lt=OuterRef("pk"))
_LATER: Final = Q(occurred_at__gt=OuterRef("occurred_at")) | Q(pk__gt=OuterRef("pk"))


def _nth(events: QuerySet[Any, Any], rule: EventRule) -> Q:
    """Return the condition that exactly times − 1 events like it lie before one, within the days counted."""
    if not rule.times:
        return Q()
    before = events.filter(_EARLIER, customer=OuterRef("customer"), occurred_at__lte=OuterRef("occurred_at")).order_by()
    if rule.within_days:
        before = before.filter(occurred_at__gt=OuterRef("occurred_at") - timedelta(days=rule.within_days))
    # Reading stops at the one that decides.
    enough = Q(Exists(before[rule.times - 2 : rule.times - 1])) if rule.times > 1 else Q()
    return enough & ~Q(Exists(before[rule.times - 1 : rule.times]))


def _meanwhile(rule: EventRule, window: Window) -> list[QuerySet[Any, Any]]:
    """Return the facts since an event, up to the window's end, that call the gesture off."""
    facts: list[QuerySet[Any, Any]] = []
    if names := [name for name in rule.unless if name != _ORDER]:
        facts.append(
            Event.objects.filter(
                _LATER,
                customer=OuterRef("customer"),
                name__in=names,
                occurred_at__gte=OuterRef("occurred_at"),
                occurred_at__lte=window.until,
            ).order_by()
        )
    if _ORDER in rule.unless:
        facts.append(
            Order.objects.filter(
                customer=OuterRef("customer"),
                valid=True,
                placed_at__gte=OuterRef("occurred_at"),
                placed_at__lte=window.until,
            ).order_by()
        )
    return facts
