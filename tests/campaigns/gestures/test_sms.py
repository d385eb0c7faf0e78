"""What an SMS costs, by the figures of 3GPP TS 23.038."""

import pytest

from campaigns.gestures.sms import cheaper, sms_segments


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 134, 2),
        ("ê" * 135, 3),
        ("🎂" * 35, 1),
        ("🎂" * 36, 2),
    ],
)
def test_segments(text: str, segments: int) -> None:
    assert sms_segments(text) == segments


def test_no_break_spaces_and_curly_quotes_cost_nothing_more() -> None:
    text = "Bonjour ! L’été à 10\N{NARROW NO-BREAK SPACE}€\N{NO-BREAK SPACE}: « oui »… " + "a" * 100
    assert sms_segments(text.replace("« ", "").replace(" »", "")) == 2
    assert cheaper(text) == "Bonjour ! L'été à 10 € : « oui »... " + "a" * 100
    assert sms_segments(cheaper(text).replace("« ", "").replace(" »", "")) == 1
