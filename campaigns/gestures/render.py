"""One message from a compiled text and one customer's facts: a subject, a text and an HTML part, or an error."""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from campaigns.gestures.compile import Compiled
from campaigns.gestures.faults import RenderError, gettext_noop
from campaigns.gestures.sandbox import run
from campaigns.gestures.sms import MAX_SMS, cheaper

MAX_SUBJECT: Final = 300
# Beside CR, LF and NUL, all that some mail library takes for the end of a line.
_HEADER_BREAK: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


class Rendered(NamedTuple):
    """The words of one message; `subject` and `html` are empty for an SMS."""

    subject: str
    text: str
    html: str


def render(
    compiled: Compiled, context: dict[str, Any], *, link_url: Callable[[int], str], unsubscribe_url: str
) -> Rendered:
    """Return the message for the customer of `context` (context.contexts).

    `link_url` turns the id of a counted link into the address written in the message. Raises RenderError for a
    missing fact, an empty message, a line break in the subject, an SMS beyond 1,600 characters.
    """
    facts = {**context, "unsubscribe_url": unsubscribe_url}
    for link_id in compiled.links:
        facts[f"_link_{link_id}"] = link_url(link_id)
    if compiled.html is None or compiled.subject is None:
        return Rendered(subject="", text=_sms(run(compiled.text, facts)), html="")
    return Rendered(
        subject=_subject(run(compiled.subject, facts)),
        text=_text(run(compiled.text, facts)),
        html=_storable(run(compiled.html, facts)),
    )


def _subject(subject: str) -> str:
    subject = subject.replace("\t", " ").strip(" ")
    if not subject:
        raise RenderError(gettext_noop("the subject is empty"))
    if _HEADER_BREAK.search(subject):
        raise RenderError(gettext_noop("the subject contains a line break"))
    if len(subject) > MAX_SUBJECT:
        raise RenderError(gettext_noop("the subject is longer than %(limit)s characters"), limit=MAX_SUBJECT)
    return subject


def _text(text: str) -> str:
    """Return the text part without the gaps that untaken conditions leave."""
    return _storable(_EMPTY_LINES.sub("\n\n", "\n".join([line.strip() for line in text.splitlines()])).strip())


def _sms(text: str) -> str:
    text = cheaper(text).strip()
    if not text:
        raise RenderError(gettext_noop("the SMS is empty"))
    if len(text) > MAX_SMS:
        raise RenderError(gettext_noop("the SMS is longer than %(limit)s characters"), limit=MAX_SMS)
    return _storable(text)


def _storable(text: str) -> str:
    """Refuse what neither PostgreSQL nor a mail can hold: a fact of dirty data must fail here, not in the dispatch."""
    if "\0" in text:
        raise RenderError(gettext_noop("the message contains a character that cannot be sent"))
    return text
