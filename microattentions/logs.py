"""Logs: one line of JSON an event on stderr, of allow-listed fields only, so that no name or address slips in."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import structlog

# What a line may say beside its time, level, logger and event. Ids are ours; nothing here is about a person.
FIELDS: Final = frozenset(
    {"timestamp", "level", "logger", "event", "exception", "campaign", "occasion", "delivery", "deliveries", "attempt"}
    | {
        "channel",
        "provider",
        "state",
        "reason",
        "code",
        "count",
        "seconds",
        "method",
        "path",
        "status",
        "task",
        "guard",
    }
)
# The last line of defence for texts of libraries: what looks like an address or a phone number is not written.
_ADDRESS: Final = re.compile(r"[\w.+%-]+@[\w-]+\.[\w.-]+")
_PHONE: Final = re.compile(r"\+\d{7,15}\b")


def exception_place(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Replace an exception by its type and where it passed: its message may quote a customer (a database's do)."""
    info = line.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else sys.exc_info()[1]
    if info and error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        line["exception"] = " < ".join([type(error).__name__, *reversed(places)])
    return line


def only_listed_fields(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every field that is not in FIELDS."""
    return {name: value for name, value in line.items() if name in FIELDS}


def without_addresses(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Blank e-mail addresses and phone numbers in every text of a line."""
    return {name: blank_addresses(value) if isinstance(value, str) else value for name, value in line.items()}


def blank_addresses(text: str) -> str:
    """Return `text` with e-mail addresses and E.164 numbers replaced."""
    return _PHONE.sub("[phone]", _ADDRESS.sub("[address]", text))


def _shared() -> list[Any]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def formatter() -> logging.Formatter:
    """Return the formatter of every handler: a line of JSON for our own events and for those of libraries."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            exception_place,
            only_listed_fields,
            without_addresses,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )


def configuration(level: str) -> dict[str, Any]:
    """Return Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        # At INFO these tell of their own start in every process, and Celery of each tick.
        "loggers": {
            "axes.apps": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }


def configure() -> None:
    """Make structlog's own loggers speak through the standard ones."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
