"""`/metrics`: counts and ages for Prometheus, read from the database at each scrape: all processes tell alike."""

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.timezone import now
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric

from campaigns import clock
from campaigns.models import Campaign, ChannelName, Shop
from triggers.channels import provider_of
from triggers.dispatch import measures
from triggers.models import Circuit, Delivery, Epoch, Heartbeat, State

# What is worth an alert; end states are counted by the reports, not by scanning millions of rows each 15 seconds.
OPEN_STATES = (State.PLANNED, State.CLAIMED, State.SENDING, State.UNKNOWN, State.UNCONFIRMED, State.QUARANTINED)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer those who know METRICS_TOKEN, or, where none is set, this machine alone."""
    if not allowed(request):
        return HttpResponseForbidden("set METRICS_TOKEN and send it as a Bearer token\n", content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def allowed(request: HttpRequest) -> bool:
    """Tell whether the caller may read the figures.

    Without a token only a direct local caller may: behind a proxy everybody seems local, but carries its header.
    """
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not proxied


class DatabaseCollector:
    """Reads each figure with one indexed query."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families."""
        yield deliveries()
        yield queue_age()
        yield campaigns()
        yield heartbeats()
        yield providers_paused()
        yield sending_held()
        yield from provider_calls()


def deliveries() -> Metric:
    """Return how many deliveries stand in each state that is not an end."""
    family = GaugeMetricFamily("microattentions_deliveries", "Deliveries by open state.", labels=["state"])
    rows = Delivery.objects.filter(state__in=OPEN_STATES).values_list("state").annotate(count=Count("pk"))
    counts = dict(rows)
    for state in OPEN_STATES:
        family.add_metric([state.value], counts.get(state.value, 0))
    return family


def queue_age() -> Metric:
    """Return how long the oldest due delivery has been waiting, in seconds of business time; 0 for an empty queue."""
    business_now = clock.now()
    oldest = Delivery.objects.filter(state=State.PLANNED, not_before__lte=business_now).aggregate(at=Min("not_before"))
    age = (business_now - oldest["at"]).total_seconds() if oldest["at"] else 0.0
    return GaugeMetricFamily("microattentions_queue_age_seconds", "Age of the oldest due delivery.", value=age)


def campaigns() -> Metric:
    """Return how many campaigns stand in each status."""
    family = GaugeMetricFamily("microattentions_campaigns", "Campaigns by status.", labels=["status"])
    for status, count in Campaign.objects.order_by().values_list("status").annotate(count=Count("pk")):
        family.add_metric([status], count)
    return family


def heartbeats() -> Metric:
    """Return how long ago each periodic job last finished, in seconds."""
    family = GaugeMetricFamily("microattentions_job_age_seconds", "Seconds since a job last finished.", labels=["job"])
    for beat in Heartbeat.objects.all():
        family.add_metric([beat.name], (now() - beat.finished_at).total_seconds())
    return family


def providers_paused() -> Metric:
    """Return whether the circuit of each provider in use is open."""
    family = GaugeMetricFamily("microattentions_provider_paused", "1 while a provider is paused.", labels=["provider"])
    paused = set(Circuit.objects.filter(open_until__isnull=False).values_list("provider", flat=True))
    for provider in sorted({provider_of(channel) for channel in ChannelName}):
        family.add_metric([provider], provider in paused)
    return family


def sending_held() -> Metric:
    """Return whether a person has stopped all sending, or a restored backup waits to be released."""
    family = GaugeMetricFamily("microattentions_sending_held", "1 while nothing is sent.", labels=["why"])
    family.add_metric(["stopped"], Shop.get().sending_stopped)
    family.add_metric(["restored"], Epoch.objects.filter(held_at__isnull=False).exists())
    return family


def provider_calls() -> Iterator[Metric]:
    """Return the answers of providers, the seconds that their calls took and the delay from plan to answer, since
    Redis was last emptied; nothing while it is out of reach."""
    totals = measures.totals()
    answers = CounterMetricFamily(
        "microattentions_provider_answers", "Provider calls by answer.", labels=["provider", "answer"]
    )
    for field, count in sorted(totals.items()):
        if field.startswith("answers|"):
            answers.add_metric(field.split("|")[1:], count)
    yield answers
    yield _histogram("call", "Seconds of a provider call.", "provider", measures.CALL_BOUNDS, totals)
    yield _histogram("delay", "Seconds from the plan to the answer.", "channel", measures.DELAY_BOUNDS, totals)


def _histogram(
    name: str, text: str, label: str, bounds: tuple[float, ...], totals: dict[str, float]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"microattentions_{name}_seconds", text, labels=[label])
    for value in sorted({field.split("|")[1] for field in totals if field.startswith(f"{name}|")}):
        below, buckets = 0.0, []
        for number, bound in enumerate([*map(str, bounds), "+Inf"]):
            below += totals.get(f"{name}|{value}|{number}", 0.0)
            buckets.append((bound, below))
        family.add_metric([value], buckets, totals.get(f"{name}|{value}|sum", 0.0))
    return family
