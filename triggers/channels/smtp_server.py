"""An SMTP server as SMTP_URL names it, and how a connection to it is opened."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from triggers.channels.keepalive import CONNECT_SECONDS
from triggers.channels.message import SendResult, Verdict
from triggers.channels.smtp_line import Line


@dataclass(frozen=True, slots=True)
class Server:
    """settings.SMTP_URL, taken apart: smtp://user:password@host:port?tls=starttls (or implicit, or none)."""

    host: str
    port: int
    user: str
    password: str
    tls: str


def server(url: str) -> Server:
    """Return the parts of `url`; raises ValueError where it is no SMTP address. smtps:// is implicit TLS."""
    parts = urlsplit(url)
    tls = parse_qs(parts.query).get("tls", ["implicit" if parts.scheme == "smtps" else "none"])[0]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or tls not in ("none", "starttls", "implicit"):
        raise ValueError("SMTP_URL must look like smtp://user:password@host:587?tls=starttls")
    port = parts.port or {"implicit": 465, "starttls": 587, "none": 25}[tls]
    return Server(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


class RefusedError(Exception):
    """The server said no, at a step where that proves that nothing was sent."""

    def __init__(self, verdict: Verdict, code: int | str, words: str) -> None:
        super().__init__(words)
        self.result = SendResult(verdict, code=str(code), detail=words[:500])


def connect(where: Server) -> Line:
    """Return a connection that was greeted, secured and logged in.

    Raises RefusedError for what the operator must mend, OSError and SMTPException for a server out of reach.
    """
    with _settings_faults():
        if where.tls == "implicit":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(where.host, where.port, timeout=CONNECT_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(where.host, where.port, timeout=CONNECT_SECONDS)
        try:
            smtp.ehlo_or_helo_if_needed()
            if where.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if where.user:
                smtp.login(where.user, where.password)
        except (OSError, smtplib.SMTPException):
            smtp.close()
            raise
        return Line(smtp)


@contextmanager
def _settings_faults() -> Iterator[None]:
    """Turn what only the operator can mend into its own refusal; an unreachable server stays an OSError."""
    try:
        yield
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        code = getattr(error, "smtp_code", "tls")
        verdict = Verdict.LATER if isinstance(code, int) and code // 100 == 4 else Verdict.SETTINGS
        raise RefusedError(verdict, code, type(error).__name__) from error
