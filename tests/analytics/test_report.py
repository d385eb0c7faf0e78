"""What a report concludes, and when it refuses to."""

import json
from datetime import date, timedelta

import pytest

from analytics.measure import measure
from analytics.report import FRESH, campaign_report, measure_stale
from campaigns.models import Campaign, Customer, Order, Spend
from tests import cast
from tests.analytics.arms import ENDED, LATER, LAUNCH, Contact, arms, campaign, fill
from triggers.models import Occasion

pytestmark = pytest.mark.django_db


def test_an_effect_is_told_per_1000_with_its_range() -> None:
    row = campaign()
    fill(row, arms(treated=1000, buyers_t=150, control=1000, buyers_c=100))
    report = campaign_report(row, LATER)
    assert report["verdict"]["code"] == "works_well"
    assert report["verdict"]["sentence"] == (
        "Per 1,000 customers contacted, 21 to 79 more purchases than without the campaign: "
        "at least the 5 that you wanted."
    )
    holdout = report["metrics"]["conversion"]["holdout"]
    assert (holdout["value_t"], holdout["value_c"], holdout["diff"]) == (0.15, 0.1, pytest.approx(0.05))
    assert [gate["state"] for gate in report["gates"]] == ["passed"] * 5
    assert report["metrics"]["revenue"]["holdout"]["diff_ci"][0] > 0
    assert report["beside"] == {"revenue": "up"}
    json.dumps(report, allow_nan=False)


def test_a_harmful_campaign_is_called_so() -> None:
    row = campaign()
    fill(row, arms(treated=1000, buyers_t=100, control=1000, buyers_c=160))
    assert campaign_report(row, LATER)["verdict"]["sentence"] == (
        "Per 1,000 customers contacted, 31 to 89 fewer purchases than without the campaign: stop it."
    )


def test_too_few_conversions_are_no_number() -> None:
    row = campaign()
    fill(row, arms(treated=100, buyers_t=9, control=100, buyers_c=20))
    report = campaign_report(row, LATER)
    assert report["verdict"]["code"] == "few_conversions"
    assert report["metrics"]["conversion"]["holdout"]["refused"] == "few_conversions"
    assert "diff" not in report["metrics"]["conversion"]["holdout"]
    assert report["gates"][1]["state"] == "waiting"


def test_under_twenty_control_conversions_there_is_no_percentage() -> None:
    row = campaign()
    fill(row, arms(treated=500, buyers_t=40, control=500, buyers_c=15))
    holdout = campaign_report(row, LATER)["metrics"]["conversion"]["holdout"]
    assert (holdout["rel"], holdout["rel_ci"], holdout["warnings"]) == (None, None, ["few_for_percent"])


def test_a_wide_range_says_how_many_more_contacts() -> None:
    row = campaign(smallest_useful_effect=20)
    fill(row, arms(treated=600, buyers_t=66, control=600, buyers_c=60))
    verdict = campaign_report(row, LATER)["verdict"]
    assert (verdict["code"], verdict["wait"]) == ("not_enough", "over")
    assert verdict["sentence"].startswith("Not enough data yet: the effect could be anywhere from −25 to +45 purchases")
    assert verdict["sentence"].endswith("more contacts would have been needed.")


def test_a_running_campaign_past_its_day_says_how_many_more_weeks() -> None:
    row = campaign(smallest_useful_effect=20, status=Campaign.Status.LIVE, ended_at=None)
    fill(row, arms(treated=600, buyers_t=66, control=600, buyers_c=60))
    report = campaign_report(row, LAUNCH + timedelta(days=50))
    verdict = report["verdict"]
    assert (verdict["code"], verdict["wait"]) == ("not_enough", "weeks")
    assert verdict["sentence"].endswith(f"About {verdict['weeks']} more weeks.")
    # From the smallest useful effect, never from the observed one.
    half_width = (verdict["high"] - verdict["low"]) / 2
    needed = 1200 * ((half_width / 0.02) ** 2 - 1)
    assert verdict["weeks"] == -(-needed // report["course"]["weekly"]) + 2


def test_before_its_day_a_running_campaign_has_wider_ranges_and_no_verdict() -> None:
    row = campaign(status=Campaign.Status.LIVE, ended_at=None)
    fill(row, arms(treated=400, buyers_t=60, control=400, buyers_c=38), spread_days=14)
    early = campaign_report(row, LAUNCH + timedelta(days=30))
    due = campaign_report(row, LAUNCH + timedelta(days=43))
    assert (early["verdict"]["code"], due["verdict"]["code"]) == ("too_early", "works_well")
    low, high = early["metrics"]["conversion"]["holdout"]["diff_ci"]
    low_due, high_due = due["metrics"]["conversion"]["holdout"]["diff_ci"]
    assert low < low_due < high_due < high
    assert early["gates"][2]["state"] == "waiting"


def test_an_overwhelming_effect_may_conclude_early() -> None:
    row = campaign(status=Campaign.Status.LIVE, ended_at=None)
    fill(row, arms(treated=400, buyers_t=160, control=400, buyers_c=40), spread_days=14)
    assert campaign_report(row, LAUNCH + timedelta(days=30))["verdict"]["code"] == "works_well"


def test_an_unbalanced_draw_suspends_every_figure_of_the_arms() -> None:
    row = campaign()
    fill(row, arms(treated=1200, buyers_t=300, control=900, buyers_c=100))
    report = campaign_report(row, LATER)
    assert report["verdict"]["code"] == "unbalanced_draw"
    assert report["gates"][0]["state"] == "failed"
    assert {metric["holdout"]["refused"] for metric in report["metrics"].values()} == {"suspended"}
    assert report["returns"] is None


def test_arms_that_differed_before_suspend_every_figure() -> None:
    row = campaign()
    contacts = [Contact("due", [5000], [4000]) for _ in range(300)] + [Contact("held_out") for _ in range(300)]
    fill(row, contacts)
    assert campaign_report(row, LATER)["verdict"]["code"] == "unlike_before"


def test_customers_in_both_arms_suspend_every_figure() -> None:
    row = campaign()
    fill(row, arms(treated=200, buyers_t=40, control=200, buyers_c=40))
    for held in list(Occasion.objects.filter(decision="held_out")[:20]):
        held.pk, held.key, held.decision = None, "birthday:2027", "due"
        held.save()
    assert campaign_report(row, LATER)["verdict"]["code"] == "contaminated"


def test_without_a_control_group_nothing_is_said_to_be_caused() -> None:
    row = campaign(holdout_share="0")
    fill(row, [Contact("due", [5000]) for _ in range(60)])
    report = campaign_report(row, LATER)
    assert report["verdict"]["code"] == "no_draw"
    assert report["metrics"]["conversion"]["holdout"]["refused"] == "no_draw"
    assert report["returns"] is None


def test_nobody_yet_and_not_launched_are_answers() -> None:
    assert campaign_report(campaign(), LATER)["verdict"]["sentence"] == "Nobody has reached this moment yet."
    draft = campaign(slug="draft", status=Campaign.Status.DRAFT)
    draft.launched_at = None
    draft.save()
    assert campaign_report(draft, LATER)["verdict"]["code"] == "not_launched"


def spend_weeks(weeks: int, *, from_monday: date) -> None:
    Spend.objects.bulk_create(
        Spend(week=from_monday + timedelta(weeks=week), channel="search", amount=10_000) for week in range(weeks)
    )


def newcomers(count: int, *, first: int) -> None:
    """Customers whose first order came `first` days after the launch or later."""
    for number in range(count):
        when = LAUNCH + timedelta(days=first + number % 20)
        who = Customer.objects.create(external_id=f"new{first}-{number}", created_at=when, first_order_at=when)
        cast.order(who, f"new{first}-{number}", when)


def test_cac_without_spend_is_refused_and_says_for_how_many_weeks() -> None:
    row = campaign()
    fill(row, arms(treated=50, buyers_t=5, control=50, buyers_c=5))
    spend_weeks(5, from_monday=date(2025, 12, 8))
    result = campaign_report(row, LATER)["metrics"]["cac"]["plain"]
    assert result["refused"] == "missing_spend"
    assert result["sentence"].startswith("Spend is missing for 3 weeks")


def test_cac_counts_spend_over_first_orders() -> None:
    row = campaign()
    fill(row, arms(treated=50, buyers_t=5, control=50, buyers_c=5))
    spend_weeks(8, from_monday=date(2025, 12, 8))
    newcomers(25, first=-25)
    newcomers(40, first=0)
    result = campaign_report(row, LATER)["metrics"]["cac"]["plain"]
    assert (result["value_c"], result["value_t"]) == (40_000 / 25, 40_000 / 40)
    assert result["method"] == "quasi_poisson"


def test_the_season_is_taken_out_where_last_year_is_known() -> None:
    row = campaign()
    fill(row, arms(treated=400, buyers_t=60, control=400, buyers_c=40))
    assert measure(row, LATER)["metrics"]["conversion"]["season"]["refused"] == "no_last_year"
    buyers = list(Customer.objects.all()[:300])
    for number, who in enumerate(buyers):
        # A fifth more after 5 January than before it, last year as well as this year.
        for year in (0, 364):
            for day in (-20, 3) if number % 6 == 0 else (3,) if number % 3 == 0 else (-20,):
                cast.order(who, f"{who.pk}-{year}-{day}", LAUNCH + timedelta(days=day - year))
    cast.order(buyers[0], "first", LAUNCH - timedelta(days=600))
    result = measure(row, LATER)["metrics"]["conversion"]["season"]
    assert result["method"] == "year_over_year"
    assert result["rel_ci"][0] < result["rel"] < result["rel_ci"][1]


def test_contacts_own_before_after_is_refused_where_the_moment_reads_behaviour() -> None:
    row = campaign(kind="post_purchase", rule={})
    fill(row, arms(treated=100, buyers_t=20, control=100, buyers_c=20))
    assert campaign_report(row, LATER)["contacts_before_after"]["refused"] == "reads_behaviour"


def test_contacts_own_before_after_counts_both_windows_for_a_birthday() -> None:
    row = campaign()
    fill(row, [Contact("due", [100] * (n % 2), [100] * (n % 4 == 0)) for n in range(100)] + [Contact("held_out")] * 100)
    result = campaign_report(row, LATER)["contacts_before_after"]
    assert (result["value_t"], result["value_c"], result["evidence"]) == (0.5, 0.25, "plain")


def test_before_after_waits_for_its_weeks() -> None:
    row = campaign(status=Campaign.Status.LIVE, ended_at=None)
    fill(row, arms(treated=100, buyers_t=20, control=100, buyers_c=20), spread_days=7)
    report = campaign_report(row, LAUNCH + timedelta(days=22))
    assert report["metrics"]["revenue"]["plain"]["refused"] == "after_period_running"


def test_returns_are_a_range_over_every_message_sent() -> None:
    row = campaign(margin_share="0.5", incentive_cost=100, unit_costs={})
    fill(row, arms(treated=1000, buyers_t=150, control=1000, buyers_c=100))
    report = campaign_report(row, LATER)
    revenue = report["metrics"]["revenue"]["holdout"]
    assert report["returns"]["cost"] == 150 * 100
    assert report["returns"]["margin"] == pytest.approx(1000 * revenue["diff"] * 0.5)
    assert report["returns"]["margin_ci"] == pytest.approx([1000 * end * 0.5 for end in revenue["diff_ci"]])


def test_a_kept_report_is_reused_until_it_is_old() -> None:
    row = campaign(status=Campaign.Status.LIVE, ended_at=None)
    fill(row, arms(treated=100, buyers_t=20, control=100, buyers_c=20))
    now = LAUNCH + timedelta(days=60)
    first = campaign_report(row, now)
    Order.objects.all().delete()
    assert campaign_report(row, now + FRESH - timedelta(seconds=1))["computed_at"] == first["computed_at"]
    later = campaign_report(row, now + FRESH)
    assert later["computed_at"] == (now + FRESH).isoformat()
    assert later["counts"]["buyers_treated"] == 0


def test_a_final_report_never_changes() -> None:
    row = campaign()
    fill(row, arms(treated=100, buyers_t=20, control=100, buyers_c=20))
    assert not campaign_report(row, ENDED + timedelta(days=20))["final"]
    final = campaign_report(row, LATER)
    assert final["final"]
    Order.objects.all().delete()
    later = campaign_report(row, LATER + timedelta(days=400))
    assert {key: later[key] for key in later if key != "frozen"} == {
        key: final[key] for key in final if key != "frozen"
    }
    assert measure_stale(LATER + timedelta(days=401)) == 0
