"""The kept-alive connection against servers that hang up, drip, mumble and answer out of turn."""

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from triggers.channels.keepalive import AmbiguousError, KeepAlive, NotBegunError, Reply

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


def test_connection_closed_while_idle_is_discarded_before_the_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = threading.Event()
        requests: list[bytes] = []

        def serve() -> None:
            for _connection in range(2):
                connection, _address = listener.accept()
                with connection:
                    requests.append(b"")
                    while not requests[-1].endswith((b"one", b"two")):
                        requests[-1] += connection.recv(65536)
                    connection.sendall(ANSWER)
                closed.set()

        server = threading.Thread(target=serve)
        server.start()
        channel = KeepAlive(f"http://127.0.0.1:{listener.getsockname()[1]}")
        channel.post("/", {}, b"one", not_after=math.inf)
        closed.wait(5)
        channel.post("/", {}, b"two", not_after=math.inf)
        server.join(5)
        assert [request[-3:] for request in requests] == [b"one", b"two"]


@pytest.mark.parametrize("secured", [False, True])
def test_too_late_is_not_begun_and_the_connection_serves_the_next(
    secured: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(ANSWER, tls=trusted(tmp_path, monkeypatch) if secured else None) as (address, connections):
        channel = KeepAlive(address)
        with pytest.raises(NotBegunError):
            channel.post("/", {}, b"one", not_after=time.monotonic() - 1)
        assert post(channel).status == 202
        assert len(connections) == 1


def test_request_larger_than_the_system_takes_at_once_arrives_whole() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sizes: list[int] = []

        def serve() -> None:
            connection, _address = listener.accept()
            with connection:
                request = b""
                while not request.endswith(b"end"):
                    request += connection.recv(65536)
                sizes.append(len(request.partition(b"\r\n\r\n")[2]))
                connection.sendall(ANSWER)

        server = threading.Thread(target=serve)
        server.start()
        channel = KeepAlive(f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert channel.post("/", {}, b"x" * 20_000_000 + b"end", not_after=time.monotonic() + 5).status == 202
        server.join(5)
        assert sizes == [20_000_003]


def test_connection_reset_while_the_request_is_under_way_is_ambiguous_and_not_repeated() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[int] = []

        def serve() -> None:
            listener.settimeout(1)
            try:
                while True:
                    connection, _address = listener.accept()
                    taken.append(len(connection.recv(65536)))
                    connection.close()
            except TimeoutError:
                return

        server = threading.Thread(target=serve)
        server.start()
        with pytest.raises(AmbiguousError):
            KeepAlive(f"http://127.0.0.1:{listener.getsockname()[1]}").post("/", {}, b"one", not_after=math.inf)
        server.join(5)
        assert len(taken) == 1


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return what serves TLS under a certificate that every client of this test trusts."""
    key, name, today = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@contextmanager
def answering(
    *pieces: bytes, hang_up: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[int]]]:
    """Serve `pieces`, each as a packet of its own, to every request; yield the address and a list with an entry a
    connection."""
    connections: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(plain: socket.socket) -> None:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with tls.wrap_socket(plain, server_side=True) if tls else plain as connection, suppress(OSError):
                while connection.recv(65536):
                    for piece in pieces:
                        connection.sendall(piece)
                    if hang_up:
                        return

        def accept() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                connections.append(1)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}", connections
        listener.shutdown(socket.SHUT_RDWR)


def post(channel: KeepAlive) -> Reply:
    return channel.post("/", {}, b"one", not_after=math.inf)


@pytest.mark.parametrize(
    ("pieces", "reply"),
    [
        ((ANSWER,), Reply(202, {"content-length": "0"}, b"")),
        (
            (b"HTTP/1.1 400 Bad Req", b"uest\r\nConte", b"nt-Length: 2\r\n\r\nn", b"o"),
            Reply(400, {"content-length": "2"}, b"no"),
        ),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", ANSWER), Reply(202, {"content-length": "0"}, b"")),
        (
            (b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n", b"0\r\n\r\n"),
            Reply(500, {"transfer-encoding": "chunked"}, b"no"),
        ),
    ],
)
def test_answers_are_read_however_they_arrive_and_the_connection_is_kept(
    pieces: tuple[bytes, ...], reply: Reply
) -> None:
    with answering(*pieces) as (address, connections):
        channel = KeepAlive(address)
        assert [post(channel), post(channel)] == [reply, reply]
        assert len(connections) == 1


def test_answer_that_ends_with_its_connection_is_whole() -> None:
    with answering(b"HTTP/1.1 202 Accepted\r\n\r\n", b"taken", hang_up=True) as (address, connections):
        channel = KeepAlive(address)
        assert [post(channel), post(channel)] == [Reply(202, {}, b"taken")] * 2
        assert len(connections) == 2


@pytest.mark.parametrize(
    "pieces",
    [(b"SSH-2.0-OpenSSH_9.6\r\n",), (b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nhalf",), (b"HTTP/1.1 20",)],
)
def test_answer_that_is_none_or_half_of_one_is_ambiguous(pieces: tuple[bytes, ...]) -> None:
    with answering(*pieces, hang_up=True) as (address, _connections), pytest.raises(AmbiguousError):
        post(KeepAlive(address))


def test_answer_that_never_ends_is_cut_and_its_connection_left() -> None:
    endless = b"HTTP/1.1 413 Too Large\r\nContent-Length: 900000\r\n\r\n" + b"x" * 200_000
    with answering(endless) as (address, connections):
        channel = KeepAlive(address)
        assert [len(post(channel).body), len(post(channel).body)] == [65_536, 65_536]
        assert len(connections) == 2


@pytest.mark.parametrize("answer", [ANSWER * 2, ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")])
def test_connection_that_says_more_or_farewell_is_not_used_again(answer: bytes) -> None:
    with answering(answer) as (address, connections):
        channel = KeepAlive(address)
        assert [post(channel).status, post(channel).status] == [202, 202]
        assert len(connections) == 2


def test_header_with_a_line_break_never_leaves() -> None:
    with answering(ANSWER) as (address, connections):
        with pytest.raises(ValueError, match="line break"):
            KeepAlive(address).post("/", {"Authorization": "Bearer key\r\nX-More: 1"}, b"", not_after=math.inf)
        assert connections == []
