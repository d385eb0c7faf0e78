"""Registers the campaigns app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    """Customers, facts, moments, gestures, campaigns."""

    name = "campaigns"
    verbose_name = _("Customers and campaigns")
