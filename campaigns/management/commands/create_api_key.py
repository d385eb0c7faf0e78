"""`manage.py create_api_key NAME --scopes ingest,read`: makes a key and prints it, alone, on its last line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.api.authentication import make_key
from campaigns.models import ApiKey


class Command(BaseCommand):
    help = "Make an API key; it is printed once, on the last line, and only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="who will use it")
        parser.add_argument("--scopes", default="ingest,read", help=f"some of {', '.join(ApiKey.Scope.values)}")

    def handle(self, *args: Any, **options: Any) -> None:
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            row, key = make_key(options["name"][:80], scopes)
        except ValueError as error:
            raise CommandError(f"{error}; there are {', '.join(ApiKey.Scope.values)}") from error
        self.stdout.write(f"{row.name}: {', '.join(row.scopes)}. Keep the key; it cannot be shown again.")
        self.stdout.write(key)
