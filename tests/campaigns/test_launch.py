"""The life of a campaign: who may take which step, and what an edit voids."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from campaigns import launch
from campaigns.approval import content_hash, others_may_approve
from campaigns.models import ApiKey, AuditEntry, Campaign, GestureTemplate, Variant
from campaigns.pauses import PauseReason, pause_sentence
from tests import cast
from tests.campaigns.api.conftest import Api, api  # noqa: F401 - a fixture
from tests.campaigns.api.test_designs import designed  # noqa: F401 - a fixture

NOW = cast.at("2026-03-14 12:00")
LATER = cast.at("2026-03-15 12:00")
Status = Campaign.Status


def draft() -> Campaign:
    campaign = cast.live_campaign(slug="care", status=Status.DRAFT, launched_at=None)  # type: ignore[arg-type]
    AuditEntry.objects.create(
        at=NOW, actor="dora", action="created", kind="campaign", subject_id=campaign.pk, subject="care"
    )
    return campaign


def staff(name: str, *codenames: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def test_edit_in_the_studio_pauses_a_running_campaign(designed: Api) -> None:  # noqa: F811
    designed.post("campaigns/care/approve")
    designed.post("campaigns/care/launch")
    editor = Client()
    superuser = User.objects.create_superuser("editor", "editor@boutique.test", "x")
    editor.force_login(superuser, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/studio/campaigns/gesturetemplate/{GestureTemplate.objects.get().pk}/change/"
    page = editor.get(address)
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data = {field.html_name: field.value() for form in forms for field in form if field.value() not in (None, False)}
    data[next(name for name in data if name.endswith("-subject"))] = "Alors, ce thé ?"
    assert editor.post(address, data).status_code == 302
    assert Variant.objects.get().subject == "Alors, ce thé ?"
    campaign = Campaign.objects.get()
    assert (campaign.status, campaign.paused_for) == (Status.PAUSED, PauseReason.EDITED)
    assert pause_sentence(campaign) == "Have it approved again."


@pytest.mark.django_db
def test_whoever_wrote_it_may_not_approve_it_while_somebody_else_may() -> None:
    campaign = draft()
    staff("dora", "approve_campaign")
    launch.submit(campaign, by="dora", now=NOW)
    staff("ada", "approve_campaign")
    with pytest.raises(launch.LaunchRefused, match="somebody else must approve it"):
        launch.approve(campaign, by="dora", now=NOW)
    assert launch.approve(campaign, by="ada", now=NOW) is False
    assert (campaign.status, campaign.approved_by) == (Status.APPROVED, "ada")


@pytest.mark.django_db
def test_lone_person_approves_their_own_work_and_the_history_says_so() -> None:
    campaign = draft()
    staff("dora", "approve_campaign")
    staff("paul", "view_campaign")
    assert launch.approve(campaign, by="dora", now=NOW) is True
    entry = AuditEntry.objects.get(action="approved")
    assert (entry.actor, entry.detail) == ("dora", {"hash": campaign.approved_hash, "own": True})


@pytest.mark.django_db
def test_what_was_written_before_an_approval_no_longer_counts_as_ones_own() -> None:
    campaign = draft()
    staff("dora", "approve_campaign")
    staff("ada", "approve_campaign")
    launch.approve(campaign, by="ada", now=NOW)
    AuditEntry.objects.create(
        at=NOW, actor="ada", action="edited", kind="gesturetemplate", subject_id=campaign.gesture_id
    )
    with pytest.raises(launch.LaunchRefused):
        launch.approve(campaign, by="ada", now=NOW)
    assert launch.approve(campaign, by="dora", now=NOW) is False


@pytest.mark.django_db
@pytest.mark.parametrize("step", [launch.submit, launch.approve])
def test_campaign_in_review_or_approved_is_sent_back_with_a_reason(step: Callable[..., object]) -> None:
    campaign = draft()
    step(campaign, by="ada", now=NOW)
    launch.send_back(campaign, by="ada", now=LATER, why=" Too long:\r\nthree lines do.\0 ")
    assert (campaign.status, campaign.approved_hash) == (Status.DRAFT, "")
    entry = AuditEntry.objects.get(action="sent_back")
    assert (entry.at, entry.actor, entry.detail) == (LATER, "ada", {"why": "Too long:\nthree lines do."})


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["", " \r\n\0", "x" * 501])
def test_campaign_is_not_sent_back_without_a_reason_or_with_a_long_one(why: str) -> None:
    campaign = draft()
    launch.submit(campaign, by="dora", now=NOW)
    with pytest.raises(launch.LaunchRefused, match=r"Say why|more than 500 characters"):
        launch.send_back(campaign, by="ada", now=NOW, why=why)
    campaign.refresh_from_db()
    assert (campaign.status, AuditEntry.objects.filter(action="sent_back").count()) == (Status.IN_REVIEW, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.DRAFT, Status.SHADOW, Status.CANARY, Status.LIVE, Status.PAUSED])
def test_what_is_not_before_an_approver_is_not_sent_back(status: Campaign.Status) -> None:
    began = cast.LONG_AGO if status in (Status.CANARY, Status.LIVE, Status.PAUSED) else None
    campaign = cast.live_campaign(status=status, shadow_at=NOW, launched_at=began)  # type: ignore[arg-type]
    with pytest.raises(launch.LaunchRefused, match="not open"):
        launch.send_back(campaign, by="ada", now=NOW, why="Too long.")


@pytest.mark.django_db
def test_sending_back_takes_from_the_author_what_the_approval_gave() -> None:
    campaign = draft()
    staff("dora", "approve_campaign")
    staff("ada", "approve_campaign")
    launch.approve(campaign, by="ada", now=NOW)
    launch.send_back(campaign, by="ada", now=NOW, why="Too long.")
    with pytest.raises(launch.LaunchRefused, match="somebody else must approve it"):
        launch.approve(campaign, by="dora", now=NOW)


@pytest.mark.django_db
def test_api_key_is_alone_only_where_no_person_and_no_other_key_may_approve() -> None:
    for name, scopes in (("shop", ["design", "run"]), ("reader", ["read"])):
        ApiKey.objects.create(name=name, prefix=name, key_hash=name, scopes=scopes)
    assert others_may_approve("API: shop") is False
    ApiKey.objects.create(name="second", prefix="second", key_hash="second", scopes=["run"])
    assert others_may_approve("API: shop") is True
    ApiKey.objects.filter(name="second").update(revoked_at=NOW)
    assert others_may_approve("API: shop") is False
    User.objects.create_superuser("marie")
    assert others_may_approve("API: shop") is True
    assert others_may_approve("marie") is False


@pytest.mark.django_db
def test_campaign_goes_from_dry_run_to_a_share_to_all_and_returns_to_where_it_was_paused() -> None:
    campaign = draft()
    launch.approve(campaign, by="ada", now=NOW)
    launch.shadow(campaign, by="ada", now=NOW)
    assert (campaign.status, campaign.shadow_at, campaign.launched_at) == (Status.SHADOW, NOW, None)
    launch.pause(campaign, by="ada", now=NOW)
    launch.resume(campaign, by="ada", now=NOW)
    assert campaign.status == Status.SHADOW
    launch.launch(campaign, by="ada", now=LATER, share=Decimal("0.10"))
    assert (campaign.status, campaign.launched_at, campaign.canary_share) == (Status.CANARY, LATER, Decimal("0.10"))
    launch.pause(campaign, by="ada", now=LATER)
    launch.resume(campaign, by="ada", now=LATER)
    assert campaign.status == Status.CANARY
    launch.launch(campaign, by="ada", now=LATER)
    assert (campaign.status, campaign.launched_at, campaign.canary_share) == (Status.LIVE, LATER, None)
    with pytest.raises(launch.LaunchRefused, match="not open"):
        launch.shadow(campaign, by="ada", now=LATER)
    launch.end(campaign, by="ada", now=LATER)
    done = list(AuditEntry.objects.filter(actor="ada").order_by("pk").values_list("action", flat=True))
    assert done == ["approved", "shadow", *["paused", "resumed", "canary"], *["paused", "resumed", "launched", "ended"]]


@pytest.mark.django_db
@pytest.mark.parametrize("share", ["0.001", "0.6"])
def test_partial_launch_to_hardly_anybody_or_nearly_all_is_refused(share: str) -> None:
    campaign = draft()
    launch.approve(campaign, by="ada", now=NOW)
    with pytest.raises(launch.LaunchRefused, match="1 % to 50 %"):
        launch.launch(campaign, by="ada", now=NOW, share=Decimal(share))


@pytest.mark.django_db
def test_edit_ends_a_dry_run() -> None:
    campaign = draft()
    launch.approve(campaign, by="ada", now=NOW)
    launch.shadow(campaign, by="ada", now=NOW)
    Campaign.objects.update(priority=7)
    assert launch.void_edited_approvals(by="dora", now=NOW) == 1
    campaign.refresh_from_db()
    assert (campaign.status, campaign.approved_hash) == (Status.DRAFT, "")
    assert AuditEntry.objects.first().action == "voided"  # type: ignore[union-attr]


@pytest.mark.django_db
def test_automatic_pause_is_told_with_its_figures() -> None:
    campaign = cast.live_campaign()
    facts = {"count": 3, "of": 1200}
    launch.pause(campaign, by="", now=NOW, reason=PauseReason.COMPLAINTS, facts=facts)
    assert pause_sentence(campaign).startswith("3 of 1200 recipients reported it as unwanted; 0.2 % is the limit.")
    Campaign.objects.update(approved_hash=content_hash(campaign))
    campaign.refresh_from_db()
    launch.resume(campaign, by="ada", now=LATER)
    assert (campaign.paused_for, campaign.watched_since, pause_sentence(campaign)) == ("", LATER, "")
