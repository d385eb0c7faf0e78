"""What stands in the way of a campaign's launch, in words with the remedy."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns.audience import parse_audience
from campaigns.models import Campaign, ChannelName, KeyEvent, Sender
from campaigns.moment_kinds import about_order, parse_rule
from campaigns.sender_dns import dns_problems
from campaigns.senders import sms_problems

# What higher apps know to stand in the way: they register at start-up.
_launch_checks: Final[list[Callable[[Campaign], list[str]]]] = []


def on_launch(check: Callable[[Campaign], list[str]]) -> Callable[[Campaign], list[str]]:
    """Register `check(campaign)`, whose answers stand in the way of a launch; usable as a decorator."""
    _launch_checks.append(check)
    return check


def launch_problems(campaign: Campaign) -> list[str]:
    """Return what stands in the way of a launch, each with what to do; empty where nothing does."""
    problems: list[str] = []
    for check in (
        lambda: parse_rule(campaign.moment.kind, campaign.moment.rule),
        lambda: parse_audience(campaign.audience),
    ):
        try:
            check()
        except ValidationError as error:
            problems += error.messages
    channels = campaign.channels if isinstance(campaign.channels, list) else []
    if not channels or not set(channels) <= set(ChannelName.values) or len(set(channels)) < len(channels):
        problems.append(_("Choose at least one channel, each once."))
    problems += _text_problems(campaign, channels)
    macro = campaign.macro_conversion
    if macro != "order" and not KeyEvent.objects.filter(name=macro).exists():
        problems.append(_("%(name)s is no key event: mark it as one, or count orders.") % {"name": macro})
    return problems + [problem for check in _launch_checks for problem in check(campaign)]


def _text_problems(campaign: Campaign, channels: list[str]) -> list[str]:
    # Imported here, because a compiler of templates is slow to load and most callers never launch.
    from campaigns.gestures.check import gesture_problems

    known = [channel for channel in channels if channel in ChannelName.values]
    try:
        with_order = about_order(campaign.moment)
    except ValidationError:
        with_order = True  # the rule's own fault is told above; this one would only add to it
    problems = gesture_problems(campaign.gesture, known, with_order=with_order)
    if channels and not Sender.objects.exists():
        problems.append(_("The shop has no sender: add one in the shop's settings."))
    if ChannelName.SMS in channels:
        problems += sms_problems(campaign.gesture)
    if ChannelName.EMAIL in channels and settings.CHECK_SENDER_DNS:
        problems += dns_problems(Sender.objects.values_list("email_address", flat=True))
    return problems
