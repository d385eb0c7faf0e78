from threading import Barrier

import pytest
from django.db import connection

from campaigns import side_by_side

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer, and one job")


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_answers_come_in_the_order_of_the_jobs() -> None:
    assert side_by_side.run(lambda: "a", lambda: "b", lambda: "c") == ["a", "b", "c"]
    assert side_by_side.run(lambda: "alone") == ["alone"]


@pytest.mark.django_db
def test_jobs_within_a_transaction_run_one_after_the_other() -> None:
    begun: list[str] = []
    side_by_side.run(lambda: begun.append("first"), lambda: begun.append("second"))
    assert begun == ["first", "second"]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_jobs_run_at_once_over_two_connections() -> None:
    both = Barrier(2, timeout=10)

    def job() -> int:
        both.wait()
        return backend()

    one, other = side_by_side.run(job, job)
    assert one != other
    assert backend() in (one, other)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_fault_of_a_job_is_raised_and_what_waits_is_not_begun() -> None:
    both, begun = Barrier(2, timeout=10), list[str]()

    def breaks() -> None:
        both.wait()
        raise LookupError

    with pytest.raises(LookupError):
        side_by_side.run(breaks, breaks, lambda: begun.append("third"))
    assert begun == []
