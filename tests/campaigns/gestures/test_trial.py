"""The child process in which a new text is tried: what it may use, and that its end is nobody else's."""

import subprocess
import sys
import time

import pytest

from campaigns.gestures.trial import try_text

BOUNDED = "from campaigns.gestures.trial import bound_this_process; bound_this_process(); "


@pytest.mark.parametrize(
    "bomb",
    [
        "while True: pass",
        "x = 'x' * 10**9",
        "import tempfile; tempfile.TemporaryFile(buffering=0).write(b'x')",
        "import css_inline; css_inline.inline('<div>' * 20_000)",
    ],
)
def test_bounds_hold_where_the_sandbox_would_not(bomb: str) -> None:
    begun = time.monotonic()
    child = subprocess.run([sys.executable, "-c", BOUNDED + bomb], capture_output=True, timeout=20, check=False)
    assert child.returncode != 0
    assert time.monotonic() - begun < 15


def test_faults_come_back_with_part_line_and_words() -> None:
    parts = {"subject": "{{ 1 * 2 }}", "preheader": "fine", "body": "<p>\n{{ x() }}</p>"}
    assert [(part, str(fault)) for part, fault in try_text(parts, [{}], html=True)] == [
        ("subject", "line 1: “*” cannot be used in a text"),
        ("body", "line 2: “name(…)” cannot be used in a text"),
    ]


def test_missing_fact_of_one_customer_is_no_fault_of_the_text() -> None:
    assert (
        try_text({"body": "{{ customer.first_name }}"}, [{}, {"customer": {"first_name": "Claire"}}], html=False) == []
    )
