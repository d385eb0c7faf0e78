"""What can be wrong with a gesture's text, said in the marketer's words and with the line where it stands."""

from typing import Any


def gettext_noop(message: str) -> str:
    """Mark `message` for the catalogue without translating it; Django's own needs settings, which a trial lacks."""
    return message


class TextFault(Exception):
    """A text that cannot be used; `str()` says why in the active language.

    `message` is the English msgid (marked with `gettext_noop` where it is raised), so that a fault found in a process
    without Django can cross to one that translates it.
    """

    def __init__(self, message: str, *, line: int | None = None, **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.params = params

    def __str__(self) -> str:
        # Imported here, because a trial (trial.py) runs without Django and never says anything.
        from django.utils.translation import gettext

        sentence = gettext(self.message) % self.params
        if self.line is None:
            return sentence
        return gettext("line %(line)s: %(fault)s") % {"line": self.line, "fault": sentence}


class RenderError(TextFault):
    """A good text that cannot be rendered for this customer."""


class FactMissing(RenderError):
    """A fact that this customer lacks and for which the text has no `default`."""
