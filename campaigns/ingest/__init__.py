"""Taking in what the shop sends: validated, stored once, totals and tiers updated in the same transaction."""
