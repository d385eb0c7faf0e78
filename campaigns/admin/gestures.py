"""Gestures and their texts, checked while they are written and again when they are saved."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_page
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns.admin.base import ModelForm, Stacked, StudioAdmin
from campaigns.gestures.check import text_problems
from campaigns.gestures.context import variables
from campaigns.gestures.sms import cheaper, is_gsm7, sms_segments
from campaigns.models import ChannelName, GestureTemplate, Variant


class VariantForm(ModelForm):
    """One text; what launch would refuse is refused here already, with the line where it stands."""

    class Meta:
        model = Variant
        fields = ("channel", "language", "rank", "subject", "preheader", "body")
        widgets = {
            "language": forms.TextInput(attrs={"size": 6}),
            "subject": forms.TextInput(attrs={"class": "vTextField"}),
            "preheader": forms.TextInput(attrs={"class": "vTextField"}),
            "body": forms.Textarea(attrs={"class": "template", "rows": 11, "spellcheck": "true"}),
        }

    def clean(self) -> dict[str, Any]:
        """Check the text as its messages will be made."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("DELETE") or not cleaned.get("body"):
            return cleaned
        fields = {name: cleaned.get(name) or "" for name in self._meta.fields or () if name != "rank"}
        for problem in text_problems(Variant(**fields)):
            self.add_error("body", problem)
        return cleaned


class VariantInline(Stacked):
    """The texts of a gesture, one a channel and language, and a time where it is said again."""

    model = Variant
    form = VariantForm
    extra = 0
    template = "admin/campaigns/gesturetemplate/variants.html"
    fieldsets = ((None, {"fields": (("channel", "language", "rank"), "subject", "preheader", "body")}),)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return one empty text for a new gesture."""
        return 0 if obj else 1


@admin.register(GestureTemplate)
class GestureAdmin(StudioAdmin):
    """Gestures: the intention and its words."""

    change_form_template = "admin/campaigns/gesturetemplate/change_form.html"
    inlines = (VariantInline,)
    list_display = ("name", "category", "purpose", "languages", "campaign_count")
    list_filter = ("category", "purpose")
    search_fields = ("name", "slug", "intention")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "category", "intention")}),
        (_("Rules"), {"fields": ("purpose", "missing_language")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the gestures with their texts and the number of their campaigns."""
        counted = Count("campaigns", distinct=True)
        gestures: QuerySet[Any] = super().get_queryset(request).annotate(campaign_total=counted)
        return gestures.prefetch_related("variants")

    def get_urls(self) -> list[URLPattern]:
        """Add the address that checks a text while it is written."""
        check = path(
            "check/", self.admin_site.admin_view(require_POST(self.check_text)), name="campaigns_gesturetemplate_check"
        )
        return [check, *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what a text may use beside the form."""
        extra_context = {**(extra_context or {}), "variables": variables()}
        return super().changeform_view(request, object_id, form_url, extra_context)

    def check_text(self, request: HttpRequest) -> HttpResponse:
        """Answer what is wrong with one posted text, and what an SMS costs; `prefix` says which of the form's texts."""
        prefix = request.POST.get("prefix", "")
        names = ("channel", "language", "subject", "preheader", "body")
        variant = Variant(**{name: request.POST.get(f"{prefix}-{name}", "") for name in names})
        is_sms = variant.channel == ChannelName.SMS
        text = cheaper(variant.body)
        context = {
            "faults": text_problems(variant) if variant.body else [],
            "empty": not variant.body,
            "is_sms": is_sms,
            "length": len(text),
            "segments": sms_segments(text) if is_sms else 0,
            "basic": is_gsm7(text),
        }
        return render_page(request, "studio/text_check.html", context)

    @admin.display(description=_("texts"))
    def languages(self, gesture: GestureTemplate) -> str:
        """Return its texts as channel and language."""
        texts = sorted(f"{text.get_channel_display()} {text.language}" for text in gesture.variants.all())
        return ", ".join(texts) or gettext("none yet")

    @admin.display(description=_("campaigns"), ordering="campaign_total")
    def campaign_count(self, gesture: Any) -> int:
        """Return how many campaigns use it."""
        return int(gesture.campaign_total)
