"""The studio: Django's admin under our own look."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class StudioAdminSite(admin.AdminSite):
    """The marketer's and operator's site."""

    site_header = _("Microattentions")
    site_title = _("Microattentions")
    index_title = _("Studio")


class StudioAdminConfig(AdminConfig):
    """Makes the studio the default admin site."""

    default_site = "microattentions.admin_site.StudioAdminSite"
