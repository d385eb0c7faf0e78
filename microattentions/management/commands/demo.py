"""`manage.py demo`: fills an empty database with the demo shop, its customers, campaigns and a login."""

import json
import secrets
import sys
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from campaigns import clock
from campaigns.api.authentication import make_key
from campaigns.models import Campaign, Customer
from microattentions.demo.load import CUSTOMERS, load
from microattentions.installation import demo_keys_path, write_private

LOGIN = "demo"
BAR = 30


class Command(BaseCommand):
    """Loads the demo; refuses where it could meet real customers or real providers."""

    help = "Load the demo shop into an empty database."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--customers", type=int, default=CUSTOMERS, help="how many customers to invent")

    def handle(self, *_args: Any, **options: Any) -> None:
        refuse_live_providers()
        if Customer.objects.exists() or Campaign.objects.exists():
            raise CommandError("The database is not empty: the demo never mixes with real customers.")
        started = time.monotonic()
        load(clock.now(), customers=options["customers"], progress=self.progress)
        self.hand_out_keys()
        self.stdout.write(f"\rDemo loaded in {time.monotonic() - started:.0f} s." + " " * (BAR + 40))

    def progress(self, what: str, share: float) -> None:
        """Draw the bar; only on a terminal, where it can be drawn over."""
        if sys.stdout.isatty():
            done = round(BAR * share)
            self.stdout.write(f"\rLoading the demo [{'#' * done}{'.' * (BAR - done)}] {what:<32}", ending="")
            self.stdout.flush()

    def hand_out_keys(self) -> None:
        """Make the login and the simulated shop's API key, and leave them in DATA_DIR for its owner alone."""
        password = secrets.token_urlsafe(9)
        get_user_model().objects.create_superuser(LOGIN, "demo@maison-the.test", password)
        _row, key = make_key("Simulated shop", ["ingest", "read"])
        keys = {"username": LOGIN, "password": password, "api_key": key}
        write_private(demo_keys_path(settings.DATA_DIR), json.dumps(keys, indent=2) + "\n")


def refuse_live_providers() -> None:
    """Raise CommandError where a message of the demo could leave this machine."""
    live = [name for name in ("SENDGRID_API_KEY", "TWILIO_ACCOUNT_SID") if getattr(settings, name)]
    if settings.PRODUCTION:
        live.append("PRODUCTION")
    if live:
        raise CommandError(f"The demo does not load where {' and '.join(live)} is set: its customers are invented.")
