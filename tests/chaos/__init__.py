"""Breaks the delivery on purpose and holds the provider's own log against what the database says: `make chaos`."""
