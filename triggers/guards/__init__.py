"""What may stop a gesture for good, or only for now: asked when it is planned, and again just before it is sent.

Each guard is a condition over a customer, written once as an expression with the path that leads to the customer: the
planner puts it into its one INSERT … SELECT, the fire permit asks it of a batch of deliveries. To add one, see
docs/add-a-guard.md.
"""

from triggers.guards.chain import GUARDS, TEMPORARY, speaker, speaker_in_sql, stops
from triggers.guards.guard import Guard, Setting, address_field
from triggers.guards.permit import Finding, permit_findings

__all__ = [
    "GUARDS",
    "TEMPORARY",
    "Finding",
    "Guard",
    "Setting",
    "address_field",
    "permit_findings",
    "speaker",
    "speaker_in_sql",
    "stops",
]
