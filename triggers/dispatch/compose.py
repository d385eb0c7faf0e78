"""Second step, outside any transaction: the words of each claimed delivery, in its customer's language."""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from campaigns.gestures.compile import Compiled, compile_variant
from campaigns.gestures.context import contexts
from campaigns.gestures.faults import RenderError, TextFault
from campaigns.gestures.render import render
from campaigns.gestures.variants import choose_variant
from campaigns.models import Campaign, ChannelName, GestureTemplate, PermittedHours, Sender, Shop, Variant
from campaigns.senders import by_language, choose_sender
from triggers import links
from triggers.channels import Message
from triggers.claimed import Claimed
from triggers.guards.caps import SURVEY_MARK
from triggers.local_time import civil_day, instant, zone_of
from triggers.ranks import ranks

logger = logging.getLogger(__name__)

RENDER_FAILED: Final = "render_failed"
NO_TEXT: Final = "no_text"
NO_SENDER: Final = "no_sender"


class Draft(NamedTuple):
    """A claimed delivery and the message that would carry it; `resend_of` is the attempt that a person repeats."""

    delivery: Claimed
    message: Message
    language: str
    resend_of: uuid.UUID | None = None


class Misfit(NamedTuple):
    """A claimed delivery that has no message, and why."""

    delivery: Claimed
    reason: str


class Composer:
    """Composes one batch: what several of its deliveries share is looked up once.

    `compiled` makes a text ready; a rehearsal has its own, which registers no links.
    """

    def __init__(
        self, batch: Sequence[Claimed], now: datetime, *, compiled: Callable[[Variant], Compiled] = compile_variant
    ) -> None:
        self._now = now
        self._compiled = compiled
        self._shop = Shop.get()
        campaign_ids = {delivery.campaign_id for delivery in batch}
        self._campaigns = (
            Campaign.objects.select_related("gesture").prefetch_related("gesture__variants").in_bulk(campaign_ids)
        )
        self._senders = by_language(Sender.objects.all())
        self._hours = {hours.channel: hours for hours in PermittedHours.objects.all()}
        self._variants: dict[tuple[int, str, str, int], Variant | None] = {}
        self._ranks = ranks(batch, self._campaigns)

    def compose(self, batch: Sequence[Claimed]) -> tuple[list[Draft], list[Misfit]]:
        """Return the drafts of `batch` and the deliveries that cannot be written; one never stops another."""
        drafts: list[Draft] = []
        misfits: list[Misfit] = []
        pairs = [(delivery.customer, delivery.order) for delivery in batch]
        for delivery, context in zip(batch, contexts(pairs, self._shop), strict=True):
            draft = self._draft(delivery, context)
            (drafts if isinstance(draft, Draft) else misfits).append(draft)  # type: ignore[arg-type]
        return drafts, misfits

    def _draft(self, delivery: Claimed, context: dict[str, Any]) -> Draft | Misfit:
        gesture = self._campaigns[delivery.campaign_id].gesture
        rank = self._ranks.get(delivery.pk, 1)
        variant = self._variant(gesture, delivery.channel, delivery.customer.language, rank)
        if variant is None:
            return Misfit(delivery, NO_TEXT)
        sender = choose_sender(self._senders, variant.language, self._shop)
        if sender is None or not (sender.email_address if delivery.channel == ChannelName.EMAIL else sender.sms_from):
            return Misfit(delivery, NO_SENDER)
        try:
            return Draft(delivery, self._message(delivery, variant, sender, context), variant.language)
        except (RenderError, TextFault, ValueError) as error:
            # Never the text of the error: it may quote the customer.
            logger.warning("delivery %s cannot be rendered: %s", delivery.pk, type(error).__name__)
            return Misfit(delivery, RENDER_FAILED)

    def _message(self, delivery: Claimed, variant: Variant, sender: Sender, context: dict[str, Any]) -> Message:
        unsubscribe_url = links.unsubscribe_url(delivery.pk)
        if any(SURVEY_MARK in words for words in (variant.subject, variant.preheader, variant.body)):
            context = context | {"survey_url": links.survey_url(delivery.pk)}
        rendered = render(
            self._compiled(variant), context, link_url=_link_to(delivery.pk), unsubscribe_url=unsubscribe_url
        )
        if delivery.channel == ChannelName.SMS:
            return Message(
                attempt_id=uuid.uuid4(),
                recipient=delivery.phone,
                sender=sender.sms_from,
                text=rendered.text,
                valid_seconds=self._valid_seconds(delivery),
            )
        service = self._campaigns[delivery.campaign_id].gesture.purpose == GestureTemplate.Purpose.SERVICE
        return Message(
            attempt_id=uuid.uuid4(),
            recipient=delivery.email,
            sender=sender.email_address,
            sender_name=sender.email_name,
            reply_to=sender.reply_to,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            unsubscribe_url="" if service else unsubscribe_url,
        )

    def _variant(self, gesture: GestureTemplate, channel: str, language: str, rank: int) -> Variant | None:
        key = (gesture.pk, channel, language, rank)
        if key not in self._variants:
            self._variants[key] = choose_variant(gesture, channel, language, self._shop, rank=rank)
        return self._variants[key]

    def _valid_seconds(self, delivery: Claimed) -> int:
        """Return how long a provider may hold an SMS: while it is fresh, and never into the quiet hours."""
        end = delivery.fresh_until
        hours = self._hours.get(delivery.channel)
        if hours is not None:
            zone = zone_of(delivery.customer.timezone, self._shop)
            end = min(end, instant(civil_day(self._now, zone), hours.closes, zone))
        return int((end - self._now).total_seconds())


def _link_to(delivery_id: int) -> Callable[[int], str]:
    return lambda link_id: links.click_url(delivery_id, link_id)
