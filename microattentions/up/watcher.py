"""Kills what a dead supervisor left behind: a process of its own, started by the supervisor, standard library only.

The supervisor holds the only writing end of our standard input and tells us its children there: `+pid` when one
starts, `-pid` when one has ended. The kernel closes that end however the supervisor dies, kill -9 included; what is
then still on the list is stopped with its whole process group. Works alike on Linux and macOS.
"""

import os
import signal
import sys
import time
from contextlib import suppress

PATIENCE_SECONDS = 8.0


def signal_group(group: int, number: int) -> bool:
    """Send a signal to every process of the group; tell whether any was there."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def stop_groups(groups: set[int], patience: float) -> None:
    """Ask the groups to end, and end them after `patience` seconds."""
    for group in groups:
        signal_group(group, signal.SIGTERM)
    end = time.monotonic() + patience
    while groups and time.monotonic() < end:
        groups = {group for group in groups if signal_group(group, 0)}
        time.sleep(0.1)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def watch() -> None:
    """Follow the supervisor's list until it closes, then stop what is still on it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    alive: set[int] = set()
    for line in sys.stdin:
        change, pid = line[0], int(line[1:])
        (alive.add if change == "+" else alive.discard)(pid)
    stop_groups(alive, PATIENCE_SECONDS)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        watch()
