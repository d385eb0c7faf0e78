"""The kept-alive connection against a server that hangs up between two calls."""

import math
import socket
import threading

import pytest

from triggers.channels.keepalive import AmbiguousError, KeepAlive

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
