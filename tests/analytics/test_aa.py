"""A campaign that does nothing: over many draws, about one range in twenty excludes 0, and no more.

The draw is the product's own hash, the outcomes are the same for both arms, and every comparison is computed by the
database from orders, as in a report.
"""

from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.db.models import Case, CharField, Value, When

from analytics.comparisons import Side, compare
from analytics.facts.contacts import assignment
from analytics.facts.outcomes import arm_outcomes
from analytics.kernel import LEVEL, Estimate, Evidence, Metric, Scores
from tests.analytics.arms import LATER, Contact, campaign, fill
from triggers.holdout import bucket
from triggers.models import Occasion

SEEDS = 200
CONTACTS = 1200
PARIS = ZoneInfo("Europe/Paris")


def people(random: Random) -> list[Contact]:
    """A shop's usual customers: 12 % buy, a few of them twice, for lognormal amounts."""
    contacts = []
    for _number in range(CONTACTS):
        orders = 0 if random.random() > 0.12 else 1 + (random.random() < 0.15)
        contacts.append(Contact("due", [round(random.lognormvariate(8.4, 0.6)) for _ in range(orders)]))
    return contacts


@pytest.mark.slow
@pytest.mark.django_db
def test_two_to_nine_in_a_hundred_aa_campaigns_exclude_zero() -> None:
    row = campaign()
    fill(row, people(Random(20260105)))
    nobody_asked = Scores(promoters=0, passives=0, detractors=0)
    excluded = {Metric.CONVERSION: 0, Metric.REVENUE: 0}
    ids = list(Occasion.objects.values_list("pk", "customer__external_id"))
    for seed in range(SEEDS):
        # Taken back: two hundred versions of each row would slow PostgreSQL down more and more.
        with transaction.atomic():
            held = [pk for pk, customer in ids if bucket(f"aa:{seed}", customer) < 0.5]
            Occasion.objects.update(
                decision=Case(When(pk__in=held, then=Value("held_out")), default=Value("due"), output_field=CharField())
            )
            assigned = assignment(row, LATER, PARIS)
            assert assigned.anchors is not None
            arms = arm_outcomes(row, LATER, PARIS, assigned)
            results = compare(
                Side.of(arms["treated"], nobody_asked),
                Side.of(arms["control"], nobody_asked),
                level=LEVEL,
                evidence=Evidence.HOLDOUT,
            )
            for metric in excluded:
                result = results[metric]
                assert isinstance(result, Estimate)
                excluded[metric] += result.excludes_zero
            transaction.set_rollback(True)
    assert all(0.02 <= count / SEEDS <= 0.09 for count in excluded.values()), excluded
