"""The nouns of DID IT WORK."""

from analytics.models.report import Report

__all__ = ["Report"]
