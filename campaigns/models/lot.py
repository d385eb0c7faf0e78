"""The lot of a customer: one of 8,192 groups among which a draw is made, so that SQL finds the drawn by an index
instead of hashing everybody."""

from typing import Any, Final

from django.db.models import Func, IntegerField

LOTS: Final = 8192


class Lot(Func):
    """The last 13 bits of a customer's database id; written without a parameter, as the index on it is."""

    output_field = IntegerField()
    template = f"(%(expressions)s & {LOTS - 1})"

    def __init__(self, customer: str, **extra: Any) -> None:
        super().__init__(customer, **extra)
