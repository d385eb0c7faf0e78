"""The nouns of DID IT WORK."""

from analytics.models.digest import DigestReader, DigestSent
from analytics.models.figures import Figures
from analytics.models.frozen_report import Frozen, FrozenReport
from analytics.models.report import Report

__all__ = ["DigestReader", "DigestSent", "Figures", "Frozen", "FrozenReport", "Report"]
