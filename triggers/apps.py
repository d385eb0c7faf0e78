"""Registers the triggers app, its moment kinds and its ear for the bell."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TriggersConfig(AppConfig):
    """Occasions, guards, deliveries."""

    name = "triggers"
    verbose_name = _("Occasions and deliveries")

    def ready(self) -> None:
        """Make the moment kinds known and listen for new facts; models can only be imported from here on."""
        from campaigns import bell
        from campaigns.launch_problems import on_launch
        from triggers.ear import hear
        from triggers.never_served import never_served
        from triggers.occasions import register_kinds

        register_kinds()
        bell.on_ring(hear)
        on_launch(never_served)
