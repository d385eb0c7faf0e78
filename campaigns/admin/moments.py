"""Moments: what happens is chosen first, its settings follow, and the rule reads as a sentence while it is made."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError as RuleError

from campaigns.admin.base import ModelForm, StudioAdmin
from campaigns.admin.rule_fields import example_query, field_name, rule_data, rule_fields
from campaigns.models import JourneyMoment
from campaigns.moment_kinds import MomentKind, moment_kind, moment_kinds, parse_rule


class MomentForm(ModelForm):
    """A moment; `MomentAdmin.get_form` declares the settings of every kind, and those of the chosen one count."""

    kind = forms.ChoiceField(label=_("what happens"), widget=forms.RadioSelect)

    class Meta:
        model = JourneyMoment
        fields = ("name", "slug", "stage", "friction", "emotion", "kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(known.name, str(known.label)) for known in moment_kinds()]
        if self.instance.pk:
            for name, value in self.instance.rule.items():
                self.initial[field_name(self.instance.kind, name)] = value

    def rule(self) -> tuple[MomentKind, dict[str, Any]] | None:
        """Return the chosen kind and its settings as cleaned; None where none is chosen."""
        name = self.cleaned_data.get("kind")
        if not name:
            return None
        kind = moment_kind(name)
        settings = rule_data(kind, self.cleaned_data)
        if self.cleaned_data.get(field_name(name, "audience"), {}) is None and "audience" in self.instance.rule:
            # More than the form can show: kept as it is.
            settings["audience"] = self.instance.rule["audience"]
        return kind, settings

    def clean(self) -> dict[str, Any]:
        """Let the kind's own rule judge its settings, each fault beside its field."""
        super().clean()
        chosen = self.rule()
        own = f"rule__{chosen[0].name}__" if chosen else "rule__"
        for name in [name for name in self.errors if name.startswith("rule__") and not name.startswith(own)]:
            # What was typed for another kind before this one was chosen.
            del self.errors[name]
        if chosen and not any(name.startswith(own) for name in self.errors):
            kind, settings = chosen
            try:
                self.instance.rule = kind.rule_model.model_validate(settings).model_dump(mode="json")
            except RuleError as error:
                for fault in error.errors():
                    setting = field_name(kind.name, str(fault["loc"][0])) if fault["loc"] else ""
                    missing = fault["type"] == "missing"
                    words = gettext("This setting is needed.") if missing else fault["msg"]
                    self.add_error(setting if setting in self.fields else None, words)
        return self.cleaned_data


@admin.register(JourneyMoment)
class MomentAdmin(StudioAdmin):
    """Moments of the journey."""

    form = MomentForm
    change_form_template = "admin/campaigns/journeymoment/change_form.html"
    list_display = ("name", "in_words", "stage", "campaign_count")
    list_filter = ("stage", "kind")
    search_fields = ("name", "slug", "friction", "emotion")
    prepopulated_fields = {"slug": ("name",)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form with the settings of every kind."""
        settings = {name: field for kind in moment_kinds() for name, field in rule_fields(kind).items()}
        kwargs["form"] = type("MomentForm", (MomentForm,), settings)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the scene first (trigger, intention, emotion), then one block of settings a kind."""
        settings = [
            (kind.label, {"fields": [field_name(kind.name, name) for name in kind.rule_model.model_fields]})
            for kind in moment_kinds()
        ]
        for (_label, options), kind in zip(settings, moment_kinds(), strict=True):
            options["classes"] = ["rule-settings", f"rule-of-{kind.name}"]
        return [
            (None, {"fields": ["name", "slug"]}),
            (_("The trigger"), {"fields": ["kind"]}),
            *settings,
            (_("The scene"), {"fields": ["stage", "friction", "emotion"]}),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Offer the ready examples of every kind beside the empty form."""
        examples = [
            {"name": example.name, "query": example_query(kind, example)}
            for kind in moment_kinds()
            for example in kind.examples
        ]
        return super().add_view(request, form_url, {"examples": examples} | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the moments with the number of their campaigns."""
        moments: QuerySet[Any] = super().get_queryset(request).annotate(campaign_total=Count("campaigns"))
        return moments

    def get_urls(self) -> list[URLPattern]:
        """Add the address that says a rule in words."""
        sentence = path("sentence/", self.admin_site.admin_view(self.sentence), name="campaigns_journeymoment_sentence")
        return [sentence, *super().get_urls()]

    def sentence(self, request: HttpRequest) -> HttpResponse:
        """Answer the posted form's rule in words, or what it still needs."""
        form = self.get_form(request)(request.POST)
        form.is_valid()
        chosen = form.rule()
        faults = [name for name in form.errors if name.startswith("rule__")]
        if not chosen:
            words = gettext("Choose what happens: the moment will be said here in words.")
        elif faults:
            words = gettext("A setting is missing or out of range.")
        else:
            kind, settings = chosen
            words = kind.sentence(kind.rule_model.model_validate(settings))
        return HttpResponse(format_html("<p>{}</p>", words))

    @admin.display(description=_("in words"))
    def in_words(self, moment: JourneyMoment) -> str:
        """Return the rule as a sentence; a rule that its kind no longer takes says so."""
        try:
            return moment_kind(moment.kind).sentence(parse_rule(moment.kind, moment.rule))
        except ValidationError as error:
            return " ".join(error.messages)

    @admin.display(description=_("campaigns"), ordering="campaign_total")
    def campaign_count(self, moment: Any) -> int:
        """Return how many campaigns use it."""
        return int(moment.campaign_total)
