"""Which processes make the whole system: web, worker, beat and the simulated shop of the demo."""

import os
import sys
from pathlib import Path

from django.conf import settings

from microattentions.up.child import Child

MANAGE = str(settings.BASE_DIR / "manage.py")


def manage(*words: str) -> list[str]:
    """Return the command line of one of our management commands."""
    return [sys.executable, MANAGE, *words]


def celery(*words: str) -> list[str]:
    """Return a command line of our Celery application."""
    return [sys.executable, "-m", "celery", "--app", "microattentions", *words]


def web_command(host: str, port: int) -> list[str]:
    """Return the web server's command line: two processes of four threads, for synchronous views."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "microattentions.wsgi:application",
        f"--bind={'[' + host + ']' if ':' in host else host}:{port}",
        "--worker-class=gthread",
        "--workers=2",
        "--threads=4",
        "--timeout=60",
        "--graceful-timeout=5",
        # Heartbeat files on a slow disk would stall the workers.
        *(["--worker-tmp-dir=/dev/shm"] if Path("/dev/shm").is_dir() else []),  # noqa: S108 - gunicorn names its file
        "--no-control-socket",
    ]


def worker_command() -> list[str]:
    """Return the worker's command line.

    Processes rather than threads: rendering and planning then use both cores, and one that grew beyond 250 MB
    (a report loads pandas) is replaced after its task.
    """
    return celery(
        "worker",
        "--loglevel=INFO",
        f"--concurrency={settings.WORKER_CONCURRENCY}",
        "--max-memory-per-child=250000",
        "--without-gossip",
        "--without-mingle",
        "--hostname=worker@%h",
    )


def beat_command() -> list[str]:
    """Return beat's command line; no schedule file, as no job waits longer than the next crontab time."""
    return celery("beat", "--loglevel=INFO", "--scheduler=celery.beat:Scheduler", "--pidfile=")


def system(env: dict[str, str], *, with_shop: bool) -> list[Child]:
    """Return the children in the order to start them."""
    logs = settings.DATA_DIR / "logs"

    def child(name: str, command: list[str], grace_seconds: float) -> Child:
        return Child(name, command, env, logs / f"{name}.log", grace_seconds)

    children = [
        child("web", web_command(settings.HOST, settings.PORT), 8),
        # A batch under way may finish: what is killed in flight ends as `unknown`.
        child("worker", worker_command(), 25),
        child("beat", beat_command(), 5),
    ]
    if with_shop:
        children.append(child("shop", manage("simulate_shop"), 3))
    return children


def environment(redis_url: str) -> dict[str, str]:
    """Return the environment that children get."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "microattentions.settings",
        "REDIS_URL": redis_url,
        "DATA_DIR": str(settings.DATA_DIR),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(
            part for part in (str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")) if part
        ),
    }
