"""What every test shares: one hypothesis profile, the browsers of Marie (may do everything) and Paul (may look), and
what a run on PostgreSQL and Redis leaves out."""

import os
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Permission, User
from django.test import Client, SimpleTestCase
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.emptied import audit_log_emptied_too

# A database makes the first example slow and the machine is shared: time says nothing about correctness here.
# Whoever works on it looks for new examples each time; CI judges a change by the same ones.
settings.register_profile(
    "microattentions",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("microattentions")

# Whatever Redis this machine may have is not ours unless the environment says so.
if "REDIS_URL" not in os.environ:
    project.REDIS_URL = "redis://127.0.0.1:1/0"

# The fixtures by which a test asks for a database, itself or by way of others.
DATABASES: Final = {"db", "transactional_db", "journey_database", "new_studio"}


@pytest.fixture(scope="session", autouse=True)
def emptied_between_tests() -> Iterator[None]:
    """Let Django empty the audit log after a test that commits."""
    with audit_log_emptied_too():
        yield


@pytest.fixture
def marie(db: None) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(User.objects.create_superuser("marie", "marie@studio.test", "a-long-password"))
    return client


@pytest.fixture
def paul(db: None) -> Client:
    """The browser of somebody on the staff with every permission to view and none to change."""
    user = User.objects.create_user("paul", "paul@studio.test", "a-long-password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of a run on services the tests that ask for no database.

    Statistics, templates, signatures and words do not know which one there is, and were tested by the run without.
    """
    if os.environ.get("DATABASE_URL"):
        config.hook.pytest_deselected(items=[item for item in items if not _asks_for_a_database(item)])
        items[:] = [item for item in items if _asks_for_a_database(item)]


class _StudiosOnce(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Gives a file of browser tests whole to one worker, which then makes its studio once; any other test to anyone."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith("tests/browser/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share out the tests in their order: Chromium's come last, whose event loop keeps Django from its database."""
    config.option.loadscopereorder = False
    return _StudiosOnce(config, log)


def _asks_for_a_database(item: pytest.Item) -> bool:
    cls = getattr(item, "cls", None)
    if item.get_closest_marker("django_db") or (cls is not None and issubclass(cls, SimpleTestCase)):
        return True
    return not DATABASES.isdisjoint(getattr(item, "fixturenames", ()))
