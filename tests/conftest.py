"""What every test shares: one hypothesis profile, and the browsers of Marie (may do everything) and Paul (may look)."""

import os

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Permission, User
from django.test import Client
from hypothesis import HealthCheck, settings

# A database makes the first example slow and the machine is shared: time says nothing about correctness here.
settings.register_profile(
    "microattentions", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("microattentions")

# Whatever Redis this machine may have is not ours unless the environment says so.
if "REDIS_URL" not in os.environ:
    project.REDIS_URL = "redis://127.0.0.1:1/0"


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
