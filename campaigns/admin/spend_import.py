"""Spend from a spreadsheet: a CSV file (or its text) is read whole or not at all, each fault with its line."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.ingest.faults import Refused
from campaigns.spend import read_spend, store_spend

# Hundreds of years of weeks.
LARGEST_FILE = 1024 * 1024


class SpendImportForm(forms.Form):
    """A file, or its lines pasted."""

    file = forms.FileField(label=gettext_lazy("CSV file"), required=False)
    lines = forms.CharField(
        label=gettext_lazy("or its lines, pasted"),
        required=False,
        max_length=LARGEST_FILE,
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
    )

    def clean(self) -> dict[str, Any]:
        """Read the rows, or say what is wrong with each line."""
        data = super().clean() or {}
        try:
            data["rows"] = read_spend(self._text(data))
        except Refused as refused:
            for fault in refused.faults:
                self.add_error(None, f"{fault['path']}: {fault['message']}" if fault["path"] else fault["message"])
        return data

    def _text(self, data: dict[str, Any]) -> str:
        file = data.get("file")
        if file is None:
            return str(data.get("lines", ""))
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 1 MB."))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is not UTF-8: save it as “CSV UTF-8”.")) from None


def import_spend(request: HttpRequest) -> HttpResponse:
    """Show the form; store what it holds."""
    if not request.user.has_perm("campaigns.add_spend") or not request.user.has_perm("campaigns.change_spend"):
        raise PermissionDenied
    form = SpendImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        created, updated = store_spend(form.cleaned_data["rows"])
        said = ngettext("%(count)s amount is new.", "%(count)s amounts are new.", created) % {"count": created}
        if updated:
            said += " " + ngettext(
                "%(count)s replaced an earlier one.", "%(count)s replaced earlier ones.", updated
            ) % {"count": updated}
        messages.success(request, said)
        return redirect("admin:campaigns_spend_changelist")
    context = admin.site.each_context(request) | {"title": _("Import spend"), "form": form}
    return render(request, "admin/campaigns/spend/import.html", context)
