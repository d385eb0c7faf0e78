"""A PostgreSQL of our own in a folder, which may be restarted while others use the machine's."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from microattentions.up.broker import free_port

# Where the run's own process, inside the cluster's environment, finds its data.
VARIABLE: Final = "CHAOS_CLUSTER"


def possible() -> bool:
    """Return whether this machine can start one: PostgreSQL refuses to run as root."""
    return bool(shutil.which("initdb") and (os.getuid() or shutil.which("setpriv")))


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Start one in `folder` until the end of the block; yield the environment that leads to it."""
    data, port = folder / "cluster", free_port()
    data.mkdir()
    if os.getuid() == 0:
        folder.chmod(0o755)
        shutil.chown(data, "postgres", "postgres")
    _run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust")
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1"
    _run("pg_ctl", "-D", str(data), "-o", options, "-w", "-l", str(data / "server.log"), "start")
    try:
        yield {"DATABASE_URL": f"postgres://postgres@127.0.0.1:{port}/postgres", VARIABLE: str(data)}
    finally:
        _run("pg_ctl", "-D", str(data), "stop", "-m", "immediate")


def restart(mode: str) -> None:
    """Restart it: `fast` ends every connection, `immediate` is a crash."""
    data = os.environ[VARIABLE]
    _run("pg_ctl", "-D", data, "restart", "-m", mode, "-w", "-l", f"{data}/server.log")


def _run(*command: str) -> None:
    as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.getuid() == 0 else ()
    subprocess.run([*as_postgres, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")
