"""What SMS a day took, so that a fault or an abuse cannot cost more than the shop allows."""

from django.db import models


class SmsDay(models.Model):
    """The segments that were permitted in one civil day of the shop; those provably not sent are taken off again."""

    day = models.DateField(primary_key=True)
    segments = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}"
