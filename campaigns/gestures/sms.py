"""What an SMS costs: its alphabet, its segments, and the characters that would double the price for nothing."""

import re
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
# One of these alone turns 160 characters a segment into 70, so that the SMS costs double; each has a plain look-alike.
_CHEAPER: Final = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{THIN SPACE}": " ",
        "\N{WORD JOINER}": "",
        "\N{SOFT HYPHEN}": "",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
    }
)
# A text asks for a score where it names the ends of the scale: "de 0 à 10", "0-10", "from 0 (no) to 10 (yes)".
_SCALE: Final = re.compile(r"(?<!\d)0(?![\d.,]\d)(?!\d).*?(?<!\d)10(?!\d)", re.DOTALL)
# Twilio refuses a longer body (error 21617).
MAX_SMS: Final = 1_600


def cheaper(text: str) -> str:
    """Return `text` with no-break spaces and typographic signs replaced by what GSM-7 can carry."""
    return text.translate(_CHEAPER)


def is_gsm7(text: str) -> bool:
    """Return whether `text` fits the GSM 03.38 alphabet."""
    return all(letter in _BASIC or letter in _EXTENDED for letter in text)


def asks_for_score(text: str) -> bool:
    """Return whether a message names a scale from 0 to 10."""
    return bool(_SCALE.search(text))


def sms_segments(text: str) -> int:
    """Return in how many segments `text` is sent and billed: 160 septets alone or 153 each in GSM-7 (3GPP TS 23.038,
    the extended signs counting two), 70 or 67 UTF-16 units in UCS-2; 0 for an empty text."""
    if is_gsm7(text):
        length, alone, joined = len(text) + sum(letter in _EXTENDED for letter in text), 160, 153
    else:
        length, alone, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    return (1 if length else 0) if length <= alone else -(-length // joined)
