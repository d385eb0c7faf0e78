"""The studio's pages over campaigns: what they write, what they refuse, and how many queries they need."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.address import address_key
from campaigns.api.authentication import key_hash
from campaigns.models import ApiKey, Campaign, Consent, JourneyMoment, Sender, Shop, Spend, Suppression
from tests import cast

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def draft() -> Campaign:
    """A campaign ready to be approved that was told to nobody."""
    campaign = cast.live_campaign()
    campaign.status, campaign.launched_at = Campaign.Status.DRAFT, None
    campaign.save()
    return campaign


def campaign_form(campaign: Campaign, **fields: str) -> dict[str, str]:
    return {
        "name": campaign.name,
        "slug": campaign.slug,
        "moment": str(campaign.moment_id),
        "gesture": str(campaign.gesture_id),
        "channels_0": "sms",
        "channels_1": "email",
        "audience__joins": "all",
        "priority": "0",
        "holdout_share": "12.5",
        "macro_conversion": "order",
        "before_after_days": "28",
        "attribution_days": "14",
        "smallest_useful_effect": "5",
        "margin_share": "40",
        "incentive_cost": "3.50",
        "cost_email": "0.01",
        "cost_sms": "0.07",
    } | fields


def test_api_key_is_shown_once_and_only_its_hash_is_kept(marie: Client) -> None:
    form = {"name": "shop", "scopes": ["ingest", "read"]}
    answer = marie.post("/studio/campaigns/apikey/add/", form, follow=True)
    key = messages_of(answer)[0].partition("<code>")[2].partition("</code>")[0]
    row = ApiKey.objects.get()
    assert (row.name, row.scopes, row.key_hash) == ("shop", ["ingest", "read"], key_hash(key))
    assert key not in marie.get("/studio/campaigns/apikey/").content.decode()


def test_revoked_key_opens_nothing(marie: Client) -> None:
    marie.post("/studio/campaigns/apikey/add/", {"name": "shop", "scopes": ["ingest"]})
    row = ApiKey.objects.get()
    marie.post("/studio/campaigns/apikey/", {"action": "revoke", "_selected_action": row.pk})
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_consent_told_by_phone_goes_into_the_ledger(marie: Client) -> None:
    claire = cast.claire()
    marie.post(f"/studio/campaigns/customer/{claire.pk}/consent/", {"channel": "sms", "granted": "0"})
    claire.refresh_from_db()
    assert claire.sms_marketing is False
    newest = Consent.objects.latest("pk")
    assert (newest.channel, newest.granted, newest.source) == ("sms", False, "studio: marie")


def test_consent_is_not_recorded_by_somebody_who_only_looks(paul: Client) -> None:
    claire = cast.claire()
    answer = paul.post(f"/studio/campaigns/customer/{claire.pk}/consent/", {"channel": "sms", "granted": "0"})
    assert answer.status_code == 403


def test_address_closed_by_hand_is_kept_as_its_hash(marie: Client) -> None:
    marie.post("/studio/campaigns/suppression/add/", {"channel": "email", "address": "Claire@maison-the.test"})
    row = Suppression.objects.get()
    assert (row.address_key, row.reason) == (address_key("claire@maison-the.test"), "by_hand")


def test_address_opened_again_leaves_the_list(marie: Client) -> None:
    row = Suppression.objects.create(channel="email", address_key="0" * 32, reason="bounced", created_at=NOW)
    marie.post("/studio/campaigns/suppression/", {"action": "open_again", "_selected_action": row.pk})
    assert Suppression.objects.count() == 0


def test_moment_form_reads_lists_and_conditions_as_they_are_written(marie: Client) -> None:
    form = {"name": "Prices", "slug": "prices", "stage": "discovery", "kind": "event"}
    settings = {"event": "page_view", "where": 'page = pricing\nprice >= 49.5\nsize in S, M\nref = "7"', "times": "2"}
    rule = {f"rule__event__{name}": value for name, value in settings.items()}
    wait = {"rule__event__delay_hours": "4", "rule__event__unless": "order, add_to_cart"}
    marie.post("/studio/campaigns/journeymoment/add/", form | rule | wait)
    moment = JourneyMoment.objects.get()
    assert moment.rule["where"] == [
        {"field": "properties.page", "is": "is", "value": "pricing"},
        {"field": "properties.price", "is": "at_least", "value": 49.5},
        {"field": "properties.size", "is": "in", "value": ["S", "M"]},
        {"field": "properties.ref", "is": "is", "value": "7"},
    ]
    assert (moment.rule["times"], moment.rule["unless"]) == (2, ["order", "add_to_cart"])
    shown = marie.get(f"/studio/campaigns/journeymoment/{moment.pk}/change/").context["adminform"].form
    assert shown["rule__event__where"].value() == settings["where"]
    assert shown["rule__event__unless"].value() == "order, add_to_cart"


def test_moment_form_opens_with_a_ready_example(marie: Client) -> None:
    page = marie.get("/studio/campaigns/journeymoment/add/")
    cart = page.context["examples"][0]
    assert cart["name"] == "Abandoned cart"
    filled = marie.get(f"/studio/campaigns/journeymoment/add/?{cart['query']}").context["adminform"].form
    values = {field.name: field.value() for field in filled if field.value() not in (None, "", [])}
    marie.post("/studio/campaigns/journeymoment/add/", values)
    moment = JourneyMoment.objects.get()
    assert (moment.slug, moment.kind, moment.rule["unless"]) == (
        "abandoned-cart",
        "event",
        ["order", "add_to_cart", "begin_checkout"],
    )


def test_line_that_is_no_condition_is_named(marie: Client) -> None:
    form = {"name": "P", "slug": "p", "stage": "discovery", "kind": "event", "rule__event__event": "page_view"}
    answer = marie.post("/studio/campaigns/journeymoment/add/", form | {"rule__event__where": "page = a\nprice"})
    (fault,) = answer.context["adminform"].form.errors["rule__event__where"]
    assert fault.startswith("Line 2: ")


def test_moment_form_keeps_the_rule_of_the_chosen_kind(marie: Client) -> None:
    form = {"name": "Care", "slug": "care", "stage": "after_purchase", "kind": "post_purchase"}
    settings = {"anchor": "shipped", "delay_days": "3", "delay_hours": "0"}
    rule = {f"rule__post_purchase__{name}": value for name, value in settings.items()}
    marie.post("/studio/campaigns/journeymoment/add/", form | rule | {"rule__birthday__send_hour": "99"})
    moment = JourneyMoment.objects.get()
    assert (moment.kind, moment.rule) == ("post_purchase", {"anchor": "shipped", "delay_days": 3, "delay_hours": 0})


def test_moment_form_puts_a_fault_beside_its_setting(marie: Client) -> None:
    form = {"name": "Day", "slug": "day", "stage": "anniversary", "kind": "birthday", "rule__birthday__send_hour": "24"}
    answer = marie.post("/studio/campaigns/journeymoment/add/", form)
    assert list(answer.context["adminform"].form.errors) == ["rule__birthday__send_hour"]


def test_moment_is_said_in_words_while_it_is_made(marie: Client) -> None:
    form = {"kind": "birthday", "rule__birthday__send_hour": "10", "rule__birthday__offset_days": "0"}
    answer = marie.post("/studio/campaigns/journeymoment/sentence/", form)
    assert answer.content.decode() == "<p>On the birthday, at 10:00 local time</p>"


def test_campaign_form_keeps_shares_and_minor_units(marie: Client) -> None:
    campaign = draft()
    form = campaign_form(campaign, audience__ask="country|is", audience__value="FR")
    assert marie.post(f"/studio/campaigns/campaign/{campaign.pk}/change/", form).status_code == 302
    campaign.refresh_from_db()
    assert campaign.channels == ["sms", "email"]
    assert campaign.unit_costs == {"email": 1, "sms": 7}
    assert (str(campaign.holdout_share), campaign.incentive_cost) == ("0.125", 350)
    assert campaign.audience == {"all": [{"field": "country", "is": "is", "value": "FR"}]}


def test_launched_campaign_keeps_what_its_comparison_rests_on(marie: Client) -> None:
    campaign = cast.live_campaign(holdout_share="0.1")
    marie.post(f"/studio/campaigns/campaign/{campaign.pk}/change/", campaign_form(campaign, holdout_share="50"))
    campaign.refresh_from_db()
    assert str(campaign.holdout_share) == "0.100"


def test_campaign_is_approved_then_launched_then_paused(marie: Client) -> None:
    campaign = draft()
    for step, status in (("approve", "approved"), ("launch", "live"), ("pause", "paused"), ("resume", "live")):
        marie.post(f"/studio/campaigns/campaign/{campaign.pk}/step/", {"step": step})
        campaign.refresh_from_db()
        assert campaign.status == status
    assert campaign.approved_by == "marie"


def test_draft_shows_why_it_was_sent_back_until_it_is_submitted_again(marie: Client) -> None:
    campaign = draft()
    page = f"/studio/campaigns/campaign/{campaign.pk}/"
    marie.post(f"{page}step/", {"step": "submit"})
    assert 'id="what-must-change"' in marie.get(page).content.decode()
    marie.post(f"{page}step/", {"step": "send_back", "why": "<b>Too long</b>\r\nThree lines do."})
    answer = marie.get(page)
    line = answer.context["sent_back"]
    assert (line.who, line.detail) == ("marie", "<b>Too long</b>\nThree lines do.")
    assert "Sent back by marie:" in answer.content.decode()
    assert "&lt;b&gt;Too long&lt;/b&gt;<br>Three lines do." in answer.content.decode()
    assert answer.context["history"][0].detail == line.detail
    assert 'id="what-must-change"' not in answer.content.decode()
    marie.post(f"{page}step/", {"step": "submit"})
    assert marie.get(page).context["sent_back"] is None
    assert "Sent back by" not in marie.get(page).content.decode()


def test_sending_back_without_a_reason_says_what_is_wanted(marie: Client) -> None:
    campaign = draft()
    for step in ("submit", "send_back"):
        answer = marie.post(f"/studio/campaigns/campaign/{campaign.pk}/step/", {"step": step}, follow=True)
    assert messages_of(answer) == ["Say why you send it back: whoever wrote it must know what to change."]


def test_step_that_is_refused_says_why(marie: Client) -> None:
    campaign = draft()
    campaign.gesture.variants.all().delete()
    answer = marie.post(f"/studio/campaigns/campaign/{campaign.pk}/step/", {"step": "approve"}, follow=True)
    assert messages_of(answer) == ["The gesture has no text for E-mail: write one."]


def test_step_is_not_taken_by_somebody_who_only_looks(paul: Client) -> None:
    campaign = cast.live_campaign()
    assert paul.post(f"/studio/campaigns/campaign/{campaign.pk}/step/", {"step": "pause"}).status_code == 403
    assert paul.get(f"/studio/campaigns/campaign/{campaign.pk}/").status_code == 200


def test_preview_frame_brings_its_own_policy_and_escapes_names(marie: Client) -> None:
    campaign = cast.live_campaign()
    variant = campaign.gesture.variants.get(channel="email", language="fr")
    variant.body = "<p>{{ customer.first_name }}</p>"
    variant.save()
    eve = cast.customer("eve", first_name="<script>alert(1)</script>")
    answer = marie.get(f"/studio/campaigns/campaign/preview/{variant.pk}/?customer={eve.pk}")
    assert "<script>" not in answer.content.decode()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_all_sending_is_stopped_only_by_who_may_change_the_shop(marie: Client, paul: Client) -> None:
    assert paul.post("/studio/stop-sending/", {"stopped": "1"}).status_code == 403
    marie.post("/studio/stop-sending/", {"stopped": "1", "next": "https://elsewhere.test/"})
    assert Shop.get().sending_stopped is True


def test_stop_button_never_leads_elsewhere(marie: Client) -> None:
    answer = marie.post("/studio/stop-sending/", {"stopped": "1", "next": "https://elsewhere.test/"})
    assert answer.headers["Location"] == "/studio/"


def test_spend_is_written_as_an_amount_of_a_week_that_begins_on_monday(marie: Client) -> None:
    form = {"channel": "search", "amount": "123.45"}
    assert marie.post("/studio/campaigns/spend/add/", form | {"week": "2026-01-06"}).status_code == 200
    marie.post("/studio/campaigns/spend/add/", form | {"week": "2026-01-05"})
    assert Spend.objects.get().amount == 12345


@pytest.mark.parametrize("name", ["customer", "order", "campaign", "journeymoment", "gesturetemplate"])
def test_list_needs_as_many_queries_for_thirty_rows_as_for_three(
    marie: Client, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    cast.shop()
    gold = cast.tier("gold")
    for number in range(30):
        buyer = cast.customer(f"c-{number}", tier=gold)
        cast.order(buyer, f"o-{number}", NOW)
        cast.live_campaign(slug=f"campaign-{number}")
    with django_assert_max_num_queries(16):
        assert marie.get(f"/studio/campaigns/{name}/").status_code == 200


def test_farewell_of_a_sender_is_written_with_the_shop(marie: Client) -> None:
    cast.shop()
    page = marie.get("/studio/campaigns/shop/1/change/")
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data = {field.html_name: field.value() for form in forms for field in form if field.value() is not None}
    data[next(name for name in data if name.endswith("-farewell"))] = "Merci.\nBonne route !"
    assert marie.post("/studio/campaigns/shop/1/change/", data).status_code == 302
    assert [sender.farewell for sender in Sender.objects.order_by("pk")] == ["Merci.\nBonne route !", ""]
