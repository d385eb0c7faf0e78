"""What each guard and each cap says of one customer and one campaign: content or not, what it sees, until when."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Value
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaigns.models import Campaign, ChannelName, Customer, Shop, Suppression
from triggers import holdout, local_time
from triggers.guards import GUARDS, Setting, address_field, speaker, stops
from triggers.guards.caps import Caps, Told
from triggers.opening import Opening


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """What one guard says on one channel. `seen` is what it looks at, in words; `next_at` is when a temporary one will
    be content, None where it is content now or never will be by itself."""

    guard: str
    channel: str
    content: bool
    seen: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be decided of an occasion as things now stand: the channel that speaks ('' for none), the reason that
    stops or moves it, when it would be sent, and whether the customer is held out."""

    channel: str
    reason: str
    at: datetime
    held_out: bool


def guard_answers(campaign: Campaign, customer: Customer, now: datetime) -> list[GuardAnswer]:
    """Return the answer of every guard and cap on every channel of the campaign, in the order in which they are
    asked."""
    setting = _setting(campaign, customer, now)
    told = _told(setting, customer)
    asked = {
        f"{guard.name}_{channel}": guard.content(setting, channel, "")
        for channel in campaign.channels
        for guard in GUARDS
    }
    seen = {f"{guard.name}_seen": guard.seen(setting, "") if guard.seen else Value("") for guard in GUARDS}
    row = Customer.objects.filter(pk=customer.pk).annotate(**asked, **seen).values(*asked, *seen).get()
    answers = []
    for channel in campaign.channels:
        for guard in GUARDS:
            content = bool(row[f"{guard.name}_{channel}"])
            next_at = None if content or not guard.moves_to else _next(setting, customer, channel, guard.moves_to)
            words = row[f"{guard.name}_seen"] or _seen(guard.name, setting, customer, channel)
            answers.append(GuardAnswer(guard.name, channel, content, str(words), next_at))
        answers += _caps(setting, told, customer, channel)
    return answers


def foreseen(campaign: Campaign, customer: Customer, due_at: datetime) -> Foreseen:
    """Return what would be decided of an occasion due at `due_at`, if nothing happened until then."""
    setting = _setting(campaign, customer, due_at)
    draw = holdout.held_out_in_sql(holdout.salt_of(campaign), "external_id", holdout.share_of(campaign))
    own = Customer.objects.filter(pk=customer.pk)
    stopped = stops(setting, "")
    said = own.annotate(out=draw, **stopped).values("out", *stopped).get()
    channel = speaker(campaign.channels, said)
    if channel not in ChannelName.values:
        return Foreseen("", channel, due_at, bool(said["out"]))
    clock = setting.clock(channel, customer.timezone, customer.country)
    at, reason = clock.open_at, "" if clock.open_at == due_at else "quiet_hours"
    limits = Caps(setting.shop, due_at).limits(campaign, channel)
    free = _told(setting, customer).free_from(customer.pk, limits)
    if free is not None and free[0] > clock.today:
        at, reason = clock.opening(free[0]), free[1].name
    return Foreseen(channel, reason, at, bool(said["out"]))


def _setting(campaign: Campaign, customer: Customer, now: datetime) -> Setting:
    return Setting(campaign, Opening(Shop.get(), now, [(customer.timezone, customer.country)]))


def _told(setting: Setting, customer: Customer) -> Told:
    return Told(Caps(setting.shop, setting.now), {customer.pk: customer.timezone})


def _caps(setting: Setting, told: Told, customer: Customer, channel: str) -> list[GuardAnswer]:
    clock = setting.clock(channel, customer.timezone, customer.country)
    answers = []
    for limit in Caps(setting.shop, setting.now).limits(setting.campaign, channel):
        free = told.free_from(customer.pk, [limit])
        content = free is None or free[0] <= clock.today
        seen = _("at most %(most)d in %(days)d days") % {"most": limit.most, "days": limit.days}
        next_at = None if content or free is None else clock.opening(free[0])
        answers.append(GuardAnswer(limit.name, channel, content, seen, next_at))
    return answers


def _next(setting: Setting, customer: Customer, channel: str, moves_to: str) -> datetime | None:
    at: datetime = getattr(setting.clock(channel, customer.timezone, customer.country), moves_to)
    return at if at < local_time.NEVER else None


def _seen(guard: str, setting: Setting, customer: Customer, channel: str) -> str:
    """Return what a guard looks at, in the words of the active language; '' for one that only says yes or no."""
    own = getattr(customer, address_field(channel))
    if guard == "no_address":
        return str(own)
    if guard == "no_consent":
        return _last_word(customer, channel)
    if guard == "suppressed":
        key = getattr(customer, f"{address_field(channel)}_key")
        closed = Suppression.objects.filter(channel=channel, address_key=key)
        return "; ".join(f"{row.get_reason_display()} ({date_format(row.created_at)})" for row in closed)
    if guard == "no_text":
        return str(customer.language or setting.shop.language)
    wall = setting.now.astimezone(local_time.zone_of(customer.timezone, setting.shop))
    return f"{wall:%H:%M}" if guard == "quiet_hours" else ""


def _last_word(customer: Customer, channel: str) -> str:
    word = customer.consents.filter(channel=channel).order_by("-given_at", "granted").first()
    if word is None:
        return _("never asked")
    said = _("agreed on %(day)s") if word.granted else _("refused on %(day)s")
    return said % {"day": date_format(word.given_at)} + (f" ({word.source})" if word.source else "")
