"""A rehearsal as CSV and as the API writes it."""

import csv
import io
from typing import Any

from campaigns.models import Shop
from campaigns.models.fields import major_units
from triggers.models import Rehearsal

_COLUMNS = ("section", "name", "day", "channel", "value")


def rehearsal_csv(rehearsal: Rehearsal) -> str:
    """Return a finished rehearsal as one long table: a line a figure, so that any sheet can pivot it."""
    result, currency = rehearsal.result, Shop.get().currency
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(_COLUMNS)
    for name in ("gestures", "customers", "held_out", "occasions"):
        table.writerow(("total", name, "", "", result[name]))
    table.writerow(("total", f"cost_{currency}", "", "", major_units(result["cost"], currency)))
    for day, channel, count in result["days"]:
        table.writerow(("gestures", "", day, channel, count))
    for k, count in enumerate(result["more_than"], start=1):
        table.writerow(("customers", f"more_than_{k}", "", "", count))
    for section in ("skipped", "moved"):
        for reason, count in sorted(result[section].items()):
            table.writerow((section, reason, "", "", count))
    for name in ("count", "customers"):
        table.writerow(("orders_anyway", name, "", "", result["orders"][name]))
    revenue = major_units(result["orders"]["revenue"], currency)
    table.writerow(("orders_anyway", f"revenue_{currency}", "", "", revenue))
    return out.getvalue()


def rehearsal_shape(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return a rehearsal as the API writes it: money as decimal strings, customers by the shop's own ids."""
    shape: dict[str, Any] = {
        "id": rehearsal.pk,
        "campaign": rehearsal.campaign.slug,
        "from": rehearsal.after.isoformat(),
        "to": rehearsal.until.isoformat(),
        "status": rehearsal.status,
        "progress": round(rehearsal.share, 4),
        "requested_by": rehearsal.requested_by,
        "requested_at": rehearsal.requested_at.isoformat(),
        "finished_at": rehearsal.finished_at.isoformat() if rehearsal.finished_at else None,
        "result": None,
    }
    if rehearsal.status == Rehearsal.Status.DONE:
        shape["result"] = _result(rehearsal)
    return shape


def _result(rehearsal: Rehearsal) -> dict[str, Any]:
    result, currency = dict(rehearsal.result), Shop.get().currency
    orders = result.pop("orders")

    def amount(minor: int) -> str:
        return str(major_units(minor, currency))

    return result | {
        "currency": currency,
        "days": [{"day": day, "channel": channel, "gestures": count} for day, channel, count in result["days"]],
        "cost": amount(result["cost"]),
        "costs": {channel: amount(cost) for channel, cost in result["costs"].items()},
        "more_than": [{"times": k, "customers": count} for k, count in enumerate(result["more_than"], start=1)],
        "orders_anyway": orders | {"revenue": amount(orders["revenue"])},
        "messages": [
            {
                "customer": message.customer.external_id,
                "channel": message.channel,
                "language": message.language,
                "sent_at": message.sent_at.isoformat(),
                "subject": message.subject,
                "text": message.text,
            }
            for message in rehearsal.messages.select_related("customer").order_by("sent_at")
        ],
    }
