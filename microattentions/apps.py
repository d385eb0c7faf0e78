"""Registers the project package as an app, for its commands, templates tags and system checks."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class MicroattentionsConfig(AppConfig):
    """The project itself."""

    name = "microattentions"

    def ready(self) -> None:
        """Register the system checks, and the roles for the end of every migration."""
        from microattentions import checks  # noqa: F401 - registers at import
        from microattentions.roles import sync_roles

        post_migrate.connect(sync_roles, sender=apps.get_app_config("auth"))
