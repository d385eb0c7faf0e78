"""Six ways to break the promise on purpose, and one more by SMTP: with each of them the suite must turn red, or it
proves nothing."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from math import inf
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from triggers import planner, sweeper
from triggers.channels import Message, SendResult, Verdict
from triggers.channels.keepalive import AmbiguousError, KeepAlive
from triggers.channels.smtp import Smtp
from triggers.dispatch import drain, permit
from triggers.dispatch.compose import Composer
from triggers.models import Attempt, Delivery, State


def index_dropped() -> None:
    """The database would take a second attempt of a message."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS attempt_once_a_delivery")


def call_before_commit() -> None:
    """The provider is called inside the permit's transaction, as one that locks its row while it sends."""

    def feed(senders: Any, now: datetime, room: int) -> bool:
        batch = drain._next_batch(now, room)
        if not batch:
            return False
        with transaction.atomic():
            drafts, misfits = Composer(batch, now).compose(batch)
            # By its module, where the failpoints are.
            senders.hand_over(vars(drain)["permit"](drafts, misfits, now), time.monotonic())
            while senders.in_hand:
                if answered := senders.answers(more=False):
                    vars(drain)["record"](answered, now)
        return True

    drain._feed = feed


def http_retries() -> None:
    """A call without an answer is made again, as HTTP libraries do when asked to."""
    once = KeepAlive.post

    def post(self: KeepAlive, *args: Any, **kwargs: Any) -> Any:
        try:
            return once(self, *args, **kwargs)
        except AmbiguousError:
            return once(self, *args, **kwargs)

    KeepAlive.post = post  # type: ignore[method-assign]


def automatic_resend() -> None:
    """What was under way when its worker died goes back to the queue, as acks_late would have it."""
    proper = sweeper.sweep

    def sweep() -> int:
        over = Q(lease_until__lte=Now())
        stuck = list(Delivery.objects.filter(over, state=State.SENDING).values_list("pk", flat=True))
        Attempt.objects.filter(delivery__in=stuck, outcome="pending").update(outcome="refused")
        Delivery.objects.filter(pk__in=stuck).update(state=State.PLANNED, lease_until=None, claim=None)
        return proper() + len(stuck)

    sweeper.sweep = sweep


def watermark_planner() -> None:
    """Only what fell due since the last plan is looked at."""
    proper = planner._news

    def news(deciding: Any, rows: Any, *, few: bool) -> Any:
        return proper(deciding, rows, few=few).filter(due_at__gt=deciding.stop)

    vars(planner)["_news"] = news


def no_final_check() -> None:
    """The guards are not asked again just before sending."""
    vars(permit)["permit_findings"] = lambda *_args, **_kwargs: {}


MUTANTS: Final[dict[str, tuple[Callable[[], None], tuple[str, ...]]]] = {
    "the unique index dropped": (index_dropped, ("by-force",)),
    "the call moved before the commit": (call_before_commit, ("points-killed", "kills")),
    "HTTP retries on": (http_retries, ("provider",)),
    "automatic re-send": (automatic_resend, ("points-killed", "kills")),
    "a watermark planner": (watermark_planner, ("planners", "downtime")),
    "the final re-check removed": (no_final_check, ("kills", "points-killed")),
}


def smtp_retries() -> None:
    """A mail whose receipt was lost is handed over again, as mail programs do that know no better."""
    once = Smtp.send_each

    def send_each(self: Smtp, calls: Iterable[tuple[Message, float]]) -> Iterator[tuple[Message, SendResult]]:
        for message, result in once(self, calls):
            # Over a connection of its own: this one may be in the middle of the next mail.
            yield message, next(once(Smtp(), [(message, inf)]))[1] if result.verdict is Verdict.UNKNOWN else result

    Smtp.send_each = send_each  # type: ignore[method-assign]


BY_SMTP: Final[dict[str, tuple[Callable[[], None], tuple[str, ...]]]] = {
    "SMTP retries on": (smtp_retries, ("provider-smtp",)),
    "automatic re-send, by SMTP": (automatic_resend, ("points-killed-smtp", "kills-smtp")),
}
