"""An e-mail's HTML with Jinja tags in it: tags are hidden before an HTML parser sees them and put back afterwards.

An HTML parser moves a bare `{% for %}` out of a table. So a tag between elements becomes a comment, which parsers
leave in place, and a tag inside an attribute or a title becomes a word. The checks and the CSS inliner see plain HTML.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

import css_inline
from jinja2 import TemplateSyntaxError

from campaigns.gestures.faults import TextFault, gettext_noop
from campaigns.gestures.sandbox import HTML

# Deeper HTML than this is a fault or an attack: the inliner's parser overflows the C stack at some 10,000.
MAX_ELEMENT_DEPTH: Final = 100
_VOID: Final = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
# These close by themselves when the next one opens, so an unclosed one does not nest.
_SELF_CLOSING: Final = frozenset({"dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"})
_REFUSED: Final = frozenset(
    {
        "applet",
        "base",
        "embed",
        "form",
        "frame",
        "iframe",
        "input",
        "link",
        "math",
        "object",
        "script",
        "svg",
        "template",
    }
)
_ADDRESSES: Final = frozenset({"action", "background", "formaction", "href", "poster", "src", "srcset"})
_GOOD_ADDRESS: Final = re.compile(r"(?:https?://[^\s\\]|mailto:|tel:)", re.IGNORECASE)
# Addresses that a template may take from its facts as a whole: both are checked where they come from.
TRUSTED_TAGS: Final = frozenset({"{{shop.website}}", "{{unsubscribe_url}}"})
# The survey's page, alone or with a score chosen: {{ survey_url }}/9, or {{ survey_url }}/{{ score }} in a loop.
_SURVEY: Final = re.compile(r"\{\{ *survey_url *\}\}(?:/(?:10|[0-9]|\{\{ *[a-z]+ *\}\}))?")
_TAG_WORD: Final = re.compile(r"<!--maj(\d+)j-->|maj(\d+)j")
_JINJA_OPENING: Final = re.compile(r"\{[{%#]")
# A parser puts the missing <tbody> behind the comment, and so inside a loop over rows; here it goes before.
_ROWS_WITHOUT_BODY: Final = re.compile(r"(<table\b[^<>]*>)((?:\s|<!--maj\d+j-->)*)(?=<tr\b)", re.IGNORECASE)
_inliner: Final = css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)


@dataclass
class Hidden:
    """HTML whose Jinja tags were replaced by comments and words; `tags[n]` is what stands for n."""

    html: str = ""
    tags: list[str] = field(default_factory=list)

    def hide(self, tag: str) -> str:
        """Return the word that stands for one more `tag`."""
        self.tags.append(tag)
        return f"maj{len(self.tags) - 1}j"

    def restore(self, html: str) -> str:
        """Return `html` with every Jinja tag in its place. Raises TextFault where the HTML itself spelt one by
        entities (`&#123;{`), which an HTML parser turns into a tag that nobody checked."""
        if _JINJA_OPENING.search(html):
            raise TextFault(gettext_noop("braces written as &#123; cannot be used in a text"))
        return _TAG_WORD.sub(lambda found: self.tags[int(found[1] or found[2])], html)


def pieces(source: str) -> list[tuple[bool, str]]:
    """Return `source` cut into (is a Jinja tag, text), Jinja comments left out; raises TextFault with the line."""
    found: list[tuple[bool, str]] = []
    open_tag = ""
    try:
        for line, kind, text in HTML.lex(source):
            if kind == "raw_begin":
                raise TextFault(gettext_noop("“%(written)s” cannot be used in a text"), line=line, written="{% raw %}")
            if kind.startswith("comment"):
                continue
            if kind == "data":
                found.append((False, text))
                continue
            open_tag += text
            if kind in ("variable_end", "block_end"):
                found.append((True, open_tag))
                open_tag = ""
    except TemplateSyntaxError as error:
        raise TextFault(
            gettext_noop("the tag is not understood: %(why)s"), line=error.lineno, why=error.message
        ) from None
    return found


# Where in HTML a piece of text ends: outside of tags, inside one, in a quoted value, in a comment, in raw text.
_NEXT: Final = {
    "text": re.compile(r"<!--|<(?=[a-zA-Z/!?])"),
    "tag": re.compile(r"[\"'>]"),
    '"': re.compile(r'"'),
    "'": re.compile(r"'"),
    "comment": re.compile(r"-->"),
}
_RAW_ELEMENT: Final = re.compile(r"<(style|title|textarea|script)\b[^<]*$", re.IGNORECASE)


def hide_tags(source: str) -> Hidden:
    """Return `source` with its Jinja tags hidden; raises TextFault for a tag where no value can stand."""
    hidden, place, done, line = Hidden(), "text", "", 1
    for is_tag, text in pieces(source):
        if not is_tag:
            if "maj" in text and _TAG_WORD.search(text):
                raise TextFault(gettext_noop("“%(name)s” is not known here"), line=line, name="maj0j")
            place = _place_after(done, text, place)
            done += text
        else:
            if place == "tag":
                raise TextFault(gettext_noop("put “%(tag)s” around the whole element"), line=line, tag=text)
            if place == "style":
                raise TextFault(gettext_noop("styles cannot change from customer to customer"), line=line)
            word = hidden.hide(text)
            done += f"<!--{word}-->" if place == "text" else word
        line += text.count("\n")
    hidden.html = _ROWS_WITHOUT_BODY.sub(r"\1<tbody>\2", done)
    return hidden


def _place_after(before: str, text: str, place: str) -> str:
    """Return in which part of the HTML the reader stands after `text`, having stood in `place` before it."""
    position, start = 0, len(before)
    whole = before + text
    while True:
        pattern = _NEXT.get(place) or re.compile(rf"</{place}\b", re.IGNORECASE)
        found = pattern.search(text, position)
        if found is None:
            return place
        position = found.end()
        if place == "text":
            place = "comment" if found[0] == "<!--" else "tag"
        elif place == "tag" and found[0] != ">":
            place = found[0]
        elif place == "tag":
            raw = _RAW_ELEMENT.search(whole, max(0, start + position - 500), start + position - 1)
            place = raw[1].lower() if raw else "text"
        elif place in ('"', "'"):
            place = "tag"
        elif place == "comment":
            place = "text"
        else:
            place = "tag"


class _Checker(HTMLParser):
    """Refuses elements, attributes and addresses that have no place in an e-mail."""

    def __init__(self, hidden: Hidden) -> None:
        super().__init__(convert_charrefs=True)
        self.hidden = hidden
        self.open: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _REFUSED:
            self._refuse(gettext_noop("“<%(tag)s>” cannot be used in an e-mail"), tag=tag)
        if tag not in _VOID | _SELF_CLOSING:
            self.open[tag] += 1
            if self.open.total() > MAX_ELEMENT_DEPTH:
                self._refuse(gettext_noop("the text is too complicated; make it simpler"))
        for name, value in attrs:
            if name.startswith("on"):
                self._refuse(gettext_noop("“%(name)s” cannot be used in an e-mail"), name=name)
            if tag == "meta" and name == "http-equiv" and (value or "").lower() == "refresh":
                self._refuse(gettext_noop("“<%(tag)s>” cannot be used in an e-mail"), tag=tag)
            if name in _ADDRESSES:
                self._check_address(value or "")

    def handle_endtag(self, tag: str) -> None:
        if self.open[tag]:
            self.open[tag] -= 1

    def _check_address(self, value: str) -> None:
        address = _TAG_WORD.sub(lambda found: self.hidden.tags[int(found[1] or found[2])], value).strip()
        if _GOOD_ADDRESS.match(address) or address.replace(" ", "") in TRUSTED_TAGS or address.startswith("#"):
            return
        if _SURVEY.fullmatch(address):
            return
        self._refuse(
            gettext_noop("the address “%(address)s” must begin with https://, mailto: or tel:"), address=address[:60]
        )

    def _refuse(self, message: str, **params: Any) -> None:
        raise TextFault(message, line=self.getpos()[0], **params)


def check_markup(hidden: Hidden) -> None:
    """Raise TextFault, with the line, for HTML that has no place in an e-mail."""
    _Checker(hidden).feed(hidden.html)


def inline(hidden: Hidden) -> str:
    """Return the HTML with its CSS inlined and its Jinja tags back in their places."""
    try:
        return hidden.restore(_inliner.inline(hidden.html))
    except (css_inline.InlineError, ValueError) as error:
        raise TextFault(gettext_noop("the styles cannot be read: %(why)s"), why=str(error)) from None
