"""The four roles: which may do what, as a matrix, and that a migration makes them."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from microattentions.roles import sync_roles
from tests import cast

ROLES = ("designer", "approver", "analyst", "admin")
#                                        designer approver analyst admin
MATRIX = {
    "campaigns.view_customer": "yes yes yes yes",
    "campaigns.view_campaign": "yes yes yes yes",
    "triggers.view_delivery": "yes yes yes yes",
    "campaigns.view_auditentry": "yes yes yes yes",
    "campaigns.add_campaign": "yes no no yes",
    "campaigns.change_campaign": "yes no no yes",
    "campaigns.change_gesturetemplate": "yes no no yes",
    "campaigns.change_journeymoment": "yes no no yes",
    "campaigns.approve_campaign": "no yes no yes",
    "campaigns.run_campaign": "no yes no yes",
    "campaigns.pause_campaign": "yes yes no yes",
    "campaigns.stop_sending": "no yes no yes",
    "triggers.change_delivery": "no yes no yes",
    "triggers.add_globalholdout": "no no no yes",
    "campaigns.change_shop": "no no no yes",
    "campaigns.view_apikey": "no no no yes",
    "campaigns.add_apikey": "no no no yes",
    "auth.change_user": "no no no yes",
}
# What each role meets in the studio: the answer to a step or a page.
STEPS = {
    "submit": "yes no no yes",
    "approve": "no yes no yes",
    "send_back": "no yes no yes",
    "shadow": "no yes no yes",
    "launch": "no yes no yes",
    "pause": "yes yes no yes",
    "end": "no yes no yes",
}


def member(role: str) -> User:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_role_may_what_the_matrix_says_and_nothing_else(role: str) -> None:
    user, column = member(role), ROLES.index(role)
    may = {name: "yes" if user.has_perm(name) else "no" for name in MATRIX}
    assert may == {name: row.split()[column] for name, row in MATRIX.items()}


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_studio_refuses_the_steps_that_a_role_may_not_take(role: str) -> None:
    campaign = cast.live_campaign()
    browser, column = Client(), ROLES.index(role)
    browser.force_login(member(role), backend="django.contrib.auth.backends.ModelBackend")
    address = f"/studio/campaigns/campaign/{campaign.pk}/"
    assert browser.get(address).status_code == 200
    may = {
        step: "no" if browser.post(f"{address}step/", {"step": step}).status_code == 403 else "yes" for step in STEPS
    }
    assert may == {step: row.split()[column] for step, row in STEPS.items()}


@pytest.mark.django_db
def test_next_migration_restores_a_role_that_was_tampered_with() -> None:
    group = Group.objects.get(name="analyst")
    before = set(group.permissions.values_list("codename", flat=True))
    group.permissions.clear()
    sync_roles()
    assert set(group.permissions.values_list("codename", flat=True)) == before
