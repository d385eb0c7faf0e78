"""Marie, who may do everything, and Paul, who may only look."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


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
