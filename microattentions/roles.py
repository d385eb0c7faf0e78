"""The four roles, as groups with their permissions: made and kept up to date by every migration."""

from collections.abc import Iterable
from typing import Any, Final

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions

APPS: Final = ("campaigns", "triggers", "analytics")
# What an analyst has no business with: keys of the shop's backend.
_UNSEEN: Final = ("campaigns.view_apikey", "campaigns.view_idempotentrequest")
_DESIGNED: Final = ("journeymoment", "gesturetemplate", "variant", "campaign")
# Whoever sees harm done may stop it; letting it go on takes more.
_PAUSE: Final = ("campaigns.pause_campaign", "campaigns.stop_sending")
_RUN: Final = ("campaigns.approve_campaign", "campaigns.run_campaign", "triggers.change_delivery")

DESIGNER, APPROVER, ANALYST, ADMIN = "designer", "approver", "analyst", "admin"


def roles(every: Iterable[str]) -> dict[str, set[str]]:
    """Return the permissions of each role, among `every` one there is (like "campaigns.view_order").

    Nobody adds to or changes the audit log and the ledgers: those have no forms, and the log refuses it by itself.
    """
    ours = {name for name in every if name.partition(".")[0] in APPS}
    views = {name for name in ours if ".view_" in name} - set(_UNSEEN)
    design = {f"campaigns.{verb}_{noun}" for verb in ("add", "change") for noun in _DESIGNED}
    design |= {f"campaigns.delete_{noun}" for noun in _DESIGNED}
    people = {f"auth.{verb}_{noun}" for verb in ("add", "change", "delete", "view") for noun in ("user", "group")}
    return {
        DESIGNER: views | design | {_PAUSE[0]},
        APPROVER: views | {*_PAUSE, *_RUN},
        ANALYST: views,
        ADMIN: ours | people,
    }


def sync_roles(**_signal: Any) -> None:
    """Make the four groups hold exactly what `roles` says; listens to post_migrate.

    A shop that wants another mix makes a group of its own beside them.
    """
    from django.contrib.auth.models import Group, Permission

    # The permissions of apps whose turn is still to come are needed now.
    for name in (*APPS, "auth"):
        create_permissions(installed.get_app_config(name), verbosity=0)
    rows = Permission.objects.select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    for role, names in roles(known).items():
        group, _made = Group.objects.get_or_create(name=role)
        group.permissions.set([known[name] for name in names if name in known])
