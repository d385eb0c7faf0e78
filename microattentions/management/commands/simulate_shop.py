"""`manage.py simulate_shop`: a shop's backend that posts to the REST API every few seconds, for the demo."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from microattentions.demo.load import CUSTOMERS
from microattentions.demo.simulated_shop import RefusedKeyError, SimulatedShop
from microattentions.installation import demo_keys


class Command(BaseCommand):
    """Runs until stopped; survives a web server that comes and goes."""

    help = "Post invented customers, orders and events to the REST API every few seconds."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--address", default=f"http://{settings.HOST}:{settings.PORT}")
        parser.add_argument("--every", type=float, default=3.0, help="seconds between two posts")

    def handle(self, *_args: Any, **options: Any) -> None:
        key = demo_keys(settings.DATA_DIR).get("api_key")
        if not key:
            raise CommandError(f"No demo was loaded in {settings.DATA_DIR}; run `manage.py demo` first.")
        try:
            SimulatedShop(options["address"], key, customers=CUSTOMERS).run(every_seconds=options["every"])
        except RefusedKeyError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            sys.exit(0)
