"""Measures one campaign: asks its contacts and the whole shop side by side, and has the answers judged."""

from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from analytics.before_after import before_after
from analytics.facts.answers import arm_scores
from analytics.facts.contacts import assignment
from analytics.facts.messages import exclusions, messages, withheld
from analytics.facts.outcomes import arms_of, outcome_questions
from analytics.facts.roomy import ask
from analytics.figures import Around, Contacts, Figures, figures_of, is_final
from campaigns.models import Campaign, Shop


def measure(campaign: Campaign, now: datetime) -> Figures:
    """Return the figures of a campaign's report at `now`, JSON-ready, in minor units and shares of 1.

    The campaign's contacts and the whole shop are asked side by side, where the database allows it.
    """
    if campaign.launched_at is None:
        return {"final": False, "verdict": {"code": "not_launched"}, "gates": [], "metrics": {}}
    shop = Shop.get()
    zone = ZoneInfo(shop.timezone)
    (assigned,) = ask(partial(assignment, campaign, now, zone))
    if assigned.anchors is None:
        nothing = {"final": is_final(campaign, assigned, now, zone), "verdict": {"code": "no_contacts"}, "gates": []}
        return nothing | {"metrics": {}, "exclusions": exclusions(campaign)}
    around = partial(_around, campaign, now, zone)
    scores_of = partial(arm_scores, campaign, now, zone, assigned)
    sums, *others = outcome_questions(campaign, now, zone, assigned)
    # The two largest first: each keeps a core of PostgreSQL busy.
    orders, shop_wide, did, new, scores = ask(sums, around, *others, scores_of, helpers=False)
    arms = arms_of(campaign, assigned, orders, did, new)
    return figures_of(campaign, now, shop, Contacts(assigned, arms, scores), shop_wide)


def _around(campaign: Campaign, now: datetime, zone: ZoneInfo) -> Around:
    return Around(messages(campaign), exclusions(campaign), withheld(campaign), before_after(campaign, now, zone))
