"""The bare clients that sending is measured against, and floods that show what a sink can take."""

import http.client
import json
import smtplib
import socket
import threading
import time
from typing import Final

# As long as the messages that the workers render.
HTML: Final = "<p>Merci, et à très bientôt !</p>\n" * 100
MAIL: Final = f"From: a@bench.test\r\nTo: b@bench.test\r\nSubject: Merci\r\n\r\n{HTML}".replace("\n", "\r\n").encode()
HEADERS: Final = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
REQUEST: Final = json.dumps(
    {
        "personalizations": [{"to": [{"email": "b@bench.test"}], "custom_args": {"attempt_id": "0" * 32}}],
        "from": {"email": "a@bench.test"},
        "subject": "Merci",
        "content": [{"type": "text/plain", "value": "Merci"}, {"type": "text/html", "value": HTML}],
    }
).encode()
_WINDOW: Final = 50


def hand_over_smtp(port: int, count: int) -> None:
    """Hand over `count` ready mails over one connection, pipelined: each body leaves with the next mail's envelope."""

    def envelope(number: int) -> bytes:
        return b"MAIL FROM:<a@bench.test>\r\nRCPT TO:<c%d@bench.test>\r\nDATA\r\n" % number

    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as replies:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        replies.readline()
        connection.sendall(envelope(0))
        body = MAIL + b"\r\n.\r\n"
        for number in range(count):
            for _reply in range(2):
                assert replies.readline().startswith(b"250")
            assert replies.readline().startswith(b"354")
            connection.sendall(body + (envelope(number + 1) if number + 1 < count else b"QUIT\r\n"))
            assert replies.readline().startswith(b"250")


def hand_over_smtplib(port: int, count: int) -> None:
    """Hand over `count` ready mails over one connection by the standard library's client."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(count):
            client.sendmail("a@bench.test", f"c{number}@bench.test", MAIL)


def hand_over_http(port: int, count: int) -> None:
    """POST `count` ready mails by http.client, over one kept-alive connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _number in range(count):
        connection.request("POST", "/v3/mail/send", REQUEST, HEADERS)
        with connection.getresponse() as response:
            response.read()
            assert response.status == 202
    connection.close()


def flood_smtp(port: int, count: int) -> float:
    """Return how many mails a second the SMTP sink takes from a client that does not wait for its replies."""
    envelope = b"MAIL FROM:<a@bench.test>\r\nRCPT TO:<b@bench.test>\r\nDATA\r\n"
    return _flood(port, envelope + MAIL + b"\r\n.\r\n", b"250 taken\r\n", count)


def flood_http(port: int, count: int) -> float:
    """Return how many mails a second the SendGrid simulator takes from a client that does not wait for its replies."""
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    request = f"POST /v3/mail/send HTTP/1.1\r\nHost: sink\r\n{head}Content-Length: {len(REQUEST)}\r\n\r\n"
    return _flood(port, request.encode() + REQUEST, b"HTTP/1.1 202 ", count)


def _flood(port: int, message: bytes, taken: bytes, count: int) -> float:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        start = time.perf_counter()
        window = message * _WINDOW
        writer = threading.Thread(target=connection.sendall, args=(window * (count // _WINDOW),))
        writer.start()
        seen, rest = 0, b""
        while seen < count // _WINDOW * _WINDOW:
            rest += connection.recv(1 << 16)
            seen += rest.count(taken)
            rest = rest[rest.rfind(taken) + len(taken) :] if taken in rest else rest
        writer.join()
        return seen / (time.perf_counter() - start)
