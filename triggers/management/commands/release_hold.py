"""`manage.py release_hold`: says whether sending is on hold after a restored backup, and ends the hold."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns import clock
from triggers import epoch
from triggers.models import Delivery, Epoch, State


class Command(BaseCommand):
    """Ends the hold; without an option it only tells."""

    help = "Tell whether sending is on hold because the database is older than what was sent, and end it."

    def add_arguments(self, parser: Any) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--skip-lost", action="store_true", help="skip what fell due before the hold: it may have been sent already"
        )
        how.add_argument("--send-all", action="store_true", help="send it too: you know that nothing was sent")

    def handle(self, *_args: Any, **options: Any) -> None:
        row = Epoch.get()
        if row.held_at is None:
            self.stdout.write("Sending is not on hold.")
            return
        due = Delivery.objects.filter(state=State.PLANNED, not_before__lte=row.held_at).count()
        self.stdout.write(
            f"On hold since {row.held_at:%Y-%m-%d %H:%M} UTC: the database counts {row.number} batches, "
            f"{epoch.witnessed(row.lineage)} were sent. {due} messages had fallen due by then."
        )
        if not (options["skip_lost"] or options["send_all"]):
            self.stdout.write("Release it with --skip-lost, or with --send-all where you know that nothing was sent.")
            return
        try:
            epoch.release(by="release_hold", skip_lost=options["skip_lost"], now=clock.now())
        except epoch.NotOnHold as error:
            raise CommandError("Somebody has just released it.") from error
        self.stdout.write("Released.")
