"""The studio's pages for WHEN and HOW."""

from triggers.admin import campaign, customer, deliveries, occasions, trials

__all__ = ["campaign", "customer", "deliveries", "occasions", "trials"]
