"""Registers the project package as an app, for its commands, templates tags and system checks."""

from django.apps import AppConfig


class MicroattentionsConfig(AppConfig):
    """The project itself."""

    name = "microattentions"

    def ready(self) -> None:
        """Register the system checks."""
        from microattentions import checks  # noqa: F401 - registers at import
