"""The first trial of a new text, in a child process that may use little time and memory and has nothing to steal.

The sandbox (sandbox.py) should stop every bomb by itself. Should one pass it, or should the HTML overflow the inliner's
stack, it takes only the child along. Messages are rendered in the worker, from texts that passed here.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, Final

from campaigns.gestures import markup
from campaigns.gestures.faults import FactMissing, TextFault, gettext_noop
from campaigns.gestures.sandbox import HTML, TEXT, build, run

CPU_SECONDS: Final = 1
MEMORY: Final = 512 * 1024 * 1024
# Real time, on a machine that may be busy with other things.
PATIENCE: Final = 10.0
_ROOT: Final = Path(__file__).resolve().parents[2]


def try_text(
    parts: Mapping[str, str], contexts: Sequence[Mapping[str, Any]], *, html: bool
) -> list[tuple[str, TextFault]]:
    """Return the faults of a text's `parts` (subject, preheader, body), each with its part's name, found by rendering
    them for every one of `contexts` in a child process. A missing fact is no fault of the text.

    Raises TextFault where the child did not come back with an answer.
    """
    job = json.dumps({"parts": parts, "contexts": contexts, "html": html})
    try:
        child = subprocess.run(
            [sys.executable, "-m", "campaigns.gestures.trial"],
            input=job.encode(),
            capture_output=True,
            timeout=PATIENCE,
            cwd=_ROOT,
            env={"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TextFault(gettext_noop("the text takes too long; make it simpler")) from None
    if child.returncode != 0:
        raise TextFault(gettext_noop("the text is too complicated; make it simpler"))
    return [
        (fault["part"], TextFault(fault["message"], line=fault["line"], **fault["params"]))
        for fault in json.loads(child.stdout)
    ]


def _try_here(job: dict[str, Any]) -> list[dict[str, Any]]:
    faults = []
    for part, source in job["parts"].items():
        try:
            _try_part(source, job["contexts"], html=job["html"] and part == "body")
        except TextFault as fault:
            faults.append({"part": part, "message": fault.message, "line": fault.line, "params": fault.params})
    return faults


def _try_part(source: str, contexts: list[dict[str, Any]], *, html: bool) -> None:
    template = build(source, HTML if html else TEXT)
    if html:
        hidden = markup.hide_tags(source)
        markup.check_markup(hidden)
        markup.inline(hidden)
    for context in contexts:
        try:
            run(template, context)
        except FactMissing:
            continue


def bound_this_process() -> None:
    """Give this process one more second of CPU, half a gigabyte, no file to write and no child; for good."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = ceil(used.ru_utime + used.ru_stime) + CPU_SECONDS
    for what, limit in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    bound_this_process()
    sys.stdout.write(json.dumps(_try_here(json.load(sys.stdin))))
