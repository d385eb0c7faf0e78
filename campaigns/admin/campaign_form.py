"""The form of a campaign: channels in order, shares as percentages, costs as amounts, the audience line by line."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from campaigns.admin.audience_field import AudienceField, AudienceWidget
from campaigns.admin.base import ModelForm
from campaigns.admin.money_field import MoneyField
from campaigns.launch import frozen_fields
from campaigns.models import Campaign, ChannelName, KeyEvent


class PercentField(forms.DecimalField):
    """Shows a share (0.1) as a percentage (10) and gives the share back."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 100, "max_digits": 4, "decimal_places": 1} | kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return a stored share as a percentage; what was typed, as it was typed."""
        return f"{float(value * 100):g}" if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        """Return the share."""
        percent: Decimal | None = super().clean(value)
        return None if percent is None else (percent / 100).quantize(Decimal("0.001"))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as percentages."""
        return super().has_changed(self.prepare_value(initial), data)


class ChannelsWidget(forms.MultiWidget):
    """One choice a rank."""

    template_name = "studio/widgets/channels.html"

    def __init__(self) -> None:
        nothing = [("", _("nothing else"))]
        first = forms.Select(choices=ChannelName.choices)
        others = [forms.Select(choices=[*nothing, *ChannelName.choices]) for _channel in ChannelName.choices[1:]]
        super().__init__([first, *others])

    def decompress(self, value: Any) -> list[str]:
        """Return the channels by rank."""
        ranked = list(value or [])
        return ranked + [""] * (len(self.widgets) - len(ranked))


class ChannelsField(forms.MultiValueField):
    """Channels in the order tried, each once."""

    widget = ChannelsWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = [forms.ChoiceField(choices=[("", ""), *ChannelName.choices], required=False) for _ in ChannelName]
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> list[str]:
        """Return the channels chosen."""
        return list(dict.fromkeys(filter(None, data_list)))


def _cost_name(channel: ChannelName) -> str:
    return f"cost_{channel.value}"


class CampaignForm(ModelForm):
    """A campaign; what its comparison rests on is frozen once it was launched."""

    channels = ChannelsField(
        label=_("channels, in the order tried"),
        help_text=_("The first for which the customer has an address, a consent and a text speaks."),
    )
    audience = AudienceField(label=_("audience"), required=False, help_text=_("No condition: everybody."))
    holdout_share = PercentField(
        label=_("control group (%)"),
        max_value=90,
        help_text=_("This share is left alone, so that the report can tell what the gesture changed."),
    )
    margin_share = PercentField(label=_("margin (% of revenue)"))
    macro_conversion = forms.ChoiceField(label=_("counts as success"))
    cost_email = MoneyField(label=_("cost of an e-mail"), required=False)
    cost_sms = MoneyField(label=_("cost of an SMS"), required=False)
    incentive_cost = MoneyField(label=_("cost of a redeemed gift"), required=False)

    class Meta:
        model = Campaign
        fields = (
            "name",
            "slug",
            "moment",
            "gesture",
            "channels",
            "audience",
            "priority",
            "absorbs",
            "even_in_trouble",
            "promised",
            "holdout_share",
            "macro_conversion",
            "before_after_days",
            "attribution_days",
            "smallest_useful_effect",
            "margin_share",
            "incentive_cost",
            "utm",
        )
        widgets = {"absorbs": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        absorbs = self.fields.get("absorbs")
        if isinstance(absorbs, forms.ModelMultipleChoiceField):
            absorbs.widget.can_add_related = False
            absorbs.queryset = Campaign.objects.exclude(pk=self.instance.pk).exclude(status=Campaign.Status.ENDED)
        macro = self.fields.get("macro_conversion")
        if isinstance(macro, forms.ChoiceField):
            names = [(row.name, str(row)) for row in KeyEvent.objects.order_by("kind", "name")]
            macro.choices = [("order", pgettext("what counts as success", "an order")), *names]
        for channel in ChannelName:
            if isinstance(self.fields.get(_cost_name(channel)), MoneyField):
                self.initial[_cost_name(channel)] = self.instance.unit_costs.get(channel.value, 0)
        for name in ("channels", "holdout_share", "margin_share", "macro_conversion", "incentive_cost"):
            # Django gives a model's defaults only to the fields that it made itself.
            self.initial.setdefault(name, getattr(self.instance, name))
        if isinstance(widget := self.fields["audience"].widget, AudienceWidget):
            widget.campaign = self.instance.pk
        if self.instance.pk:
            for name in frozen_fields(self.instance):
                self.fields[name].disabled = True
                self.fields[name].help_text = _("Frozen at launch: the comparison rests on it.")

    def clean_audience(self) -> Any:
        """Keep an audience that the form could not show."""
        tree = self.cleaned_data["audience"]
        return self.instance.audience if tree is None else tree

    def clean_incentive_cost(self) -> int:
        """Return the amount, 0 where it was left empty."""
        return int(self.cleaned_data["incentive_cost"] or 0)

    def save(self, commit: bool = True) -> Any:
        """Keep the costs by channel."""
        self.instance.unit_costs = {
            channel.value: self.cleaned_data.get(_cost_name(channel)) or 0 for channel in ChannelName
        }
        return super().save(commit)
