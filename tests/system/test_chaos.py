"""The fault table of docs/chaos.md at a part of its short amounts, on the database and broker of this run.

CHAOS_SHARE is that part: 1 is `make chaos`.
"""

import os
import subprocess
import sys
from typing import Final

import pytest
from django.conf import settings

from tests.chaos.faults import FAULTS

SHARE: Final = os.environ.get("CHAOS_SHARE", "0.2")
# Most of their time is waiting for leases to end, so the others break things meanwhile.
PATIENT: Final = ("points-stopped", "points-stopped-smtp")

pytestmark = pytest.mark.system


def test_no_fault_writes_to_anybody_twice_or_loses_anybody(journey_database: tuple[str, str]) -> None:
    database, redis = journey_database
    named = {"DATABASE_URL": database, "REDIS_URL": redis} if database else {}
    # What Redis keeps of a database is of one alone: the other runs have Valkeys of their own.
    others = ",".join(fault.name for fault in FAULTS if fault.name not in PATIENT)
    runs = [*((patient, named | {"REDIS_URL": ""}) for patient in PATIENT), (others, named)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", "--share", SHARE, "--faults", faults],
            cwd=settings.BASE_DIR,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for faults, environment in runs
    ]
    told = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(runs), "\n".join(told)
