"""A variant's text made ready once for all its messages: checked, framed, CSS inlined, links registered, parsed."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape, unescape
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.template.loader import render_to_string
from django.utils import translation
from jinja2.environment import Template

from campaigns.gestures.faults import TextFault, gettext_noop
from campaigns.gestures.markup import Hidden, check_markup, hide_tags, inline, pieces
from campaigns.gestures.plain_text import text_part
from campaigns.gestures.sandbox import HTML, TEXT, build, parse
from campaigns.models import ChannelName, Link, Variant

_STATIC_HREF: Final = re.compile(r"(<a\b[^<>]*?\shref\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.IGNORECASE)
_HIDDEN_WORD: Final = re.compile(r"maj\d+j")
_is_url: Final = URLValidator(schemes=["http", "https"])

# Given the addresses found in a text, return the id of each.
Register = Callable[[Sequence[str]], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A variant ready for render.render. `links` maps the id of each counted link to its address; `subject` and
    `html` are None for an SMS."""

    channel: str
    language: str
    subject: Template | None
    html: Template | None
    text: Template
    links: dict[int, str]


_compiled: dict[int, tuple[datetime, Compiled]] = {}


def compile_variant(variant: Variant) -> Compiled:
    """Return `variant` ready to render, its links stored as `Link` rows; kept until the variant changes.

    Raises TextFault for a text that launch and preview would have refused.
    """
    known = _compiled.get(variant.pk)
    if known is not None and known[0] == variant.updated_at:
        return known[1]
    compiled = compile_text(variant, register=lambda urls: _register(variant, urls))
    _compiled[variant.pk] = (variant.updated_at, compiled)
    return compiled


def compile_text(variant: Variant, *, register: Register) -> Compiled:
    """Return `variant`, which may be unsaved, ready to render; `register` gives its links their ids."""
    for source in (variant.subject, variant.preheader, variant.body):
        parse(source)
    if variant.channel == ChannelName.EMAIL:
        return _compile_email(variant, register)
    return _compile_sms(variant, register)


def numbered(urls: Sequence[str]) -> dict[str, int]:
    """Register nothing and number the links: for the preview of an unsaved text."""
    return {url: number for number, url in enumerate(urls, start=1)}


def _register(variant: Variant, urls: Sequence[str]) -> dict[str, int]:
    if urls:
        Link.objects.bulk_create([Link(variant=variant, url=url) for url in urls], ignore_conflicts=True)
    return dict(Link.objects.filter(variant=variant, url__in=urls).values_list("url", "id"))


def _compile_email(variant: Variant, register: Register) -> Compiled:
    check_markup(hide_tags(variant.body))
    hidden = hide_tags(_framed(variant))
    urls = list(dict.fromkeys(filter(None, (_static_url(found[2]) for found in _STATIC_HREF.finditer(hidden.html)))))
    for url in urls:
        _check_url(url)
    ids = register(urls)
    hidden.html = _STATIC_HREF.sub(lambda found: _counted_href(found, ids, hidden), hidden.html)
    return Compiled(
        channel=variant.channel,
        language=variant.language,
        subject=build(variant.subject, TEXT),
        html=build(inline(hidden), HTML, internal=True),
        text=build(text_part(hidden), TEXT, internal=True),
        links={ids[url]: url for url in urls},
    )


def _framed(variant: Variant) -> str:
    """Return the whole HTML document, the shop's facts still as Jinja tags; Django fills in only the frame."""
    with translation.override(variant.language):
        return render_to_string(
            "email/frame.html",
            {
                "language": variant.language,
                "subject": _escaped(variant.subject),
                "preheader": _escaped(variant.preheader),
                "content": variant.body,
            },
        )


def _escaped(source: str) -> str:
    """Return a plain-text template as HTML: its own characters escaped, its tags left alone."""
    return "".join(text if is_tag else escape(text) for is_tag, text in pieces(source))


def _static_url(quoted: str) -> str:
    """Return the web address inside a quoted href, '' where it is none or differs from customer to customer."""
    url = unescape(quoted[1:-1]).strip()
    return url if url.lower().startswith(("http://", "https://")) and not _HIDDEN_WORD.search(url) else ""


def _counted_href(found: re.Match[str], ids: Mapping[str, int], hidden: Hidden) -> str:
    url = _static_url(found[2])
    return f'{found[1]}"{hidden.hide(_link_tag(ids[url]))}"' if url else found[0]


def _link_tag(link_id: int) -> str:
    return f"{{{{ _link_{link_id} }}}}"


def _check_url(url: str) -> None:
    try:
        _is_url(url)
        Link._meta.get_field("url").run_validators(url)
    except ValidationError:
        raise TextFault(gettext_noop("“%(address)s” is not a web address"), address=url[:60]) from None


def _compile_sms(variant: Variant, register: Register) -> Compiled:
    parts = pieces(variant.body)
    urls: list[str] = []
    for position, (is_tag, text) in enumerate(parts):
        if not is_tag:
            urls += [found[0] for found in _WEB_ADDRESS.finditer(text) if not _runs_on(parts, position, found)]
    urls = list(dict.fromkeys(urls))
    for url in urls:
        _check_url(url)
    ids = register(urls)
    written = []
    for position, (is_tag, text) in enumerate(parts):
        if is_tag:
            written.append(text)
            continue
        counted = lambda found, at=position: (  # noqa: E731
            found[0] if _runs_on(parts, at, found) else _link_tag(ids[found[0]])
        )
        written.append(_WEB_ADDRESS.sub(counted, text))
    return Compiled(
        channel=variant.channel,
        language=variant.language,
        subject=None,
        html=None,
        text=build("".join(written), TEXT, internal=True),
        links={ids[url]: url for url in urls},
    )


def _runs_on(parts: list[tuple[bool, str]], position: int, found: re.Match[str]) -> bool:
    """Return whether an address goes on into a tag (`https://shop.test/{{ … }}`), so that it has no fixed target."""
    rest = found.string[found.end() :]
    return not rest.strip("/?=&#.-_") and position + 1 < len(parts)
