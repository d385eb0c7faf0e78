"""The nouns of DID IT WORK."""

from analytics.models.frozen_report import Frozen, FrozenReport
from analytics.models.report import Report

__all__ = ["Frozen", "FrozenReport", "Report"]
