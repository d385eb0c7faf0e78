"""The text part of an e-mail, made once from its HTML, so that both always say the same."""

import re
from html.parser import HTMLParser
from typing import Final

from campaigns.gestures.markup import Hidden

_BLOCKS: Final = frozenset(
    {"address", "article", "blockquote", "div", "dl", "dt", "footer", "header", "li", "section", "table", "tr"}
)
_PARAGRAPHS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "ul"})
_UNSEEN: Final = frozenset({"head", "style", "title"})
_WORD: Final = re.compile(r"maj\d+j")
# Between two blocks stands one line break, around a paragraph an empty line, however many elements end there.
_LINE: Final = "\x01"
_PARAGRAPH: Final = "\x02"
_SPACES: Final = re.compile(r"[ \t\r\n\f\x01\x02]+")
_BREAKS: Final = re.compile(r"[ \n\x01\x02]*[\x01\x02][ \n\x01\x02]*")


class _Writer(HTMLParser):
    """Writes paragraphs, lists and links as plain text; the words of hidden tags stay where they stood."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self.unseen: list[str] = []
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _UNSEEN or values.get("class") == "preheader":
            self.unseen.append(tag)
        elif tag == "br":
            self.written.append("\n")
        elif tag in _PARAGRAPHS:
            self.written.append(_PARAGRAPH)
        elif tag in _BLOCKS:
            self.written.append(f"{_LINE}- " if tag == "li" else _LINE)
        elif tag in ("td", "th"):
            self.written.append(" ")
        elif tag == "hr":
            self.written.append(f"{_LINE}---{_LINE}")
        elif tag == "a":
            self.links.append((values.get("href") or "", len(self.written)))
        elif tag == "img" and not self.unseen:
            self.written.append(values.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if self.unseen and tag == self.unseen[-1]:
            self.unseen.pop()
        elif tag in _PARAGRAPHS:
            self.written.append(_PARAGRAPH)
        elif tag in _BLOCKS:
            self.written.append(_LINE)
        elif tag == "a" and self.links:
            self._end_link(*self.links.pop())

    def _end_link(self, address: str, start: int) -> None:
        label = "".join(self.written[start:]).strip()
        address = address.removeprefix("mailto:").removeprefix("tel:")
        if not address or address.startswith("#") or label == address:
            return
        if not label or label.startswith(("http://", "https://")):
            self.written[start:] = [address]
        else:
            self.written.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.written.append(_SPACES.sub(" ", data))

    def handle_comment(self, data: str) -> None:
        if not self.unseen and _WORD.fullmatch(data):
            self.written.append(data)


def text_part(hidden: Hidden) -> str:
    """Return the text of an HTML e-mail as a template, its Jinja tags in their places."""
    writer = _Writer()
    writer.feed(hidden.html)
    writer.close()
    return hidden.restore(tidy("".join(writer.written)))


def tidy(text: str) -> str:
    """Return `text` with at most one empty line in a row and no spaces at the ends of lines."""
    text = _BREAKS.sub(lambda found: "\n\n" if _PARAGRAPH in found[0] else "\n", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text))).strip()
