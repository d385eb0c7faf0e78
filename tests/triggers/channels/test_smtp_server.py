"""The address of an SMTP server."""

import smtplib

import pytest

from triggers.channels.smtp_server import Server, server


def test_url_is_taken_apart() -> None:
    assert server("smtp://me%40shop:p%2Fw@mail.test:2525?tls=starttls") == Server(
        "mail.test", 2525, "me@shop", "p/w", "starttls"
    )
    assert server("smtps://mail.test").port == smtplib.SMTP_SSL_PORT
    for wrong in ("http://mail.test", "smtp://", "smtp://mail.test?tls=maybe"):
        with pytest.raises(ValueError):
            server(wrong)
