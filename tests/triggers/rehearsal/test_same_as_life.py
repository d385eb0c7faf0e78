"""A rehearsal of a window, and really living through the same window with the same facts, come to the same: occasions,
decisions, moves, findings and messages, in made-up worlds. REHEARSED_WORLDS says in how many."""

import os
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis.extra.django import TestCase

from campaigns.models import Campaign, Customer
from tests.triggers.oracle_facts import World
from tests.triggers.rehearsal.life import BEFORE, as_told, forget, live, message, outcome
from tests.triggers.test_planner_against_oracle import worlds
from triggers.rehearsal.play import staged

WORLDS = int(os.environ.get("REHEARSED_WORLDS", "20"))
# Shrinking would live through a world hundreds of times.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def rehearse(world: World) -> dict[str, Any]:
    """Rehearse the world's first campaign; return what would have come of it."""
    campaign = Campaign.objects.get(slug=world.plans[0].slug)
    slugs = dict(Campaign.objects.values_list("pk", "slug"))
    people = dict(Customer.objects.values_list("pk", "external_id"))
    messages = {}

    def sent(draft: Any, _now: Any) -> None:
        names = slugs[draft.delivery.campaign_id], people[draft.delivery.customer_id], draft.delivery.key
        messages[names] = message(draft)

    with staged(campaign, world.ticks[0] - BEFORE) as play:
        for _progress in play.gather():
            pass
        for _progress in play.through(world.ticks, sent):
            pass
        told = outcome()
    told["messages"] = messages
    return told


class SameAsLife(TestCase):
    @settings(max_examples=WORLDS, phases=PHASES)
    @given(worlds())
    def test_made_up_worlds(self, world: World) -> None:
        world = as_told(world)
        lived = live(world)
        forget()
        rehearsed = rehearse(world)
        for kind, things in lived.items():
            assert rehearsed[kind] == things, kind
        assert outcome()["occasions"] == {}
