"""Registers the triggers app, its moment kinds and its ear for the bell."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TriggersConfig(AppConfig):
    """Occasions, guards, deliveries."""

    name = "triggers"
    verbose_name = _("Occasions and deliveries")
