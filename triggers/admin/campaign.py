"""What became of a campaign, on its page: occasions by decision and reason, messages by state, and who else speaks."""

from django.db.models import Count
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from campaigns import clock
from campaigns.admin.panels import on_campaign
from campaigns.models import Campaign, Customer
from triggers.admin.words import decision_pill, reason_words, state_pill
from triggers.models import Delivery, Occasion
from triggers.overlap import overlaps
from triggers.ranks import would_repeat

# More than so many customers are "more than".
_MANY = 10_000


@on_campaign
def repeats(request: HttpRequest, campaign: Campaign, _customer: Customer | None) -> SafeString:
    """Return a warning where customers would read a text again the next time; nothing where nobody would."""
    customers, covered = would_repeat(campaign, _MANY + 1)
    if not customers:
        return SafeString("")
    context = {"customers": min(customers, _MANY), "more": customers > _MANY, "next": covered + 1, "campaign": campaign}
    return render_to_string("studio/campaign_repeats.html", context, request)


@on_campaign
def outcome(request: HttpRequest, campaign: Campaign, _customer: Customer | None) -> SafeString:
    """Return the card of counts."""
    decided = (
        Occasion.objects.filter(campaign=campaign)
        .values("decision", "reason")
        .annotate(rows=Count("pk"))
        .order_by("decision", "-rows")
    )
    states = Delivery.objects.filter(campaign=campaign).values("state").annotate(rows=Count("pk")).order_by("-rows")
    context = {
        "campaign": campaign,
        "decided": [
            {**row, "pill": decision_pill(row["decision"]), "words": reason_words(row["reason"])} for row in decided
        ],
        "states": [{**row, "pill": state_pill(row["state"])} for row in states],
    }
    return render_to_string("studio/campaign_outcome.html", context, request)


@on_campaign
def who_else(request: HttpRequest, campaign: Campaign, _customer: Customer | None) -> SafeString:
    """Return the card of the campaigns that reach the same customers."""
    found = overlaps(campaign, clock.now())
    context = {"found": found, "close": any(row.close for row in found.rows)}
    return render_to_string("studio/overlaps.html", context, request)
