"""E-mails through the whole protocol by two processes, beside bare clients that only hand over ready bodies.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL, a local SMTP sink and a local SendGrid,
and measures from claim to stored result: guards, rendering, attempts and all. Each sink is shown to take at least
twice what its bare client hands over. By itself: `python -m bench.sending`; SENDS=1000000 shows that no process grows.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Final

from bench import throwaway
from bench.bare import flood_http, flood_smtp, hand_over_http, hand_over_smtp, hand_over_smtplib
from bench.figures import Figure, figure, peak_memory, rate
from tests.providers.process import Running, running

ROUNDS: Final = 3
WORKERS: Final = 2
_MANY: Final = 100_000
# A campaign's size, and within which seconds it is to leave.
CAMPAIGN: Final = 20_000
CAMPAIGN_SECONDS: Final = 3.0
# A provider on the other side of the internet.
FAR_SECONDS: Final = 0.02
FAR_CONNECTIONS: Final = 20
NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BODY: Final = """<h1>Merci {{ customer.first_name }} !</h1>
<p>Votre commande <strong>{{ order.id }}</strong> nous a fait très plaisir.</p>
<table><tr><td>{{ order.placed_on }}</td><td>{{ order.total }}</td></tr></table>
<p>Un conseil de préparation&nbsp;: <a href="https://bench.test/conseils">trois minutes, pas une de plus</a>.</p>
<p>À très bientôt,<br>toute l’équipe de {{ shop.name }}</p>"""


def run(size: int = int(os.environ.get("SENDS", str(CAMPAIGN)))) -> list[Figure]:
    """Return the figures of sending `size` e-mails a round; raises RuntimeError where DATABASE_URL is no PostgreSQL."""
    return throwaway.measured("sending", size)


def _measure(size: int) -> list[Figure]:
    throwaway.set_up()
    throwaway.migrate()
    _fill(size)
    figures: list[Figure] = []
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        # A million whole requests in the simulator's log would fill the disk.
        providers = (("smtp", ("--bare",)), ("sendgrid", ()))[: 1 if size > _MANY else 2]
        for provider, options in providers:
            with running(provider, Path(folder) / f"{provider}.log", *options) as sink:
                figures += _compare(provider, sink, size, peaks)
                if provider == "sendgrid":
                    figures.append(_far_away(sink, size))
    return [*figures, peak_memory("sending, a process of it", 250, max(peaks))]


def _far_away(sink: Running, size: int) -> Figure:
    """Return how many a second one worker hands to a provider that answers after FAR_SECONDS."""
    _plan(size)
    os.truncate(sink.path, 0)
    sink.misbehave({f"slow:{FAR_SECONDS}": 1.0})
    environment = _environment("sendgrid", sink) | {"DISPATCH_CONNECTIONS": str(FAR_CONNECTIONS)}
    seconds, _memory = _together([("--work",)], environment)
    most = FAR_CONNECTIONS / FAR_SECONDS
    name = f"e-mails by SendGrid, {FAR_SECONDS * 1000:.0f} ms away, {FAR_CONNECTIONS} connections"
    return rate(name, size / seconds, "messages/s", most, 0.8, "connections ÷ round trip")


# The bare clients, how many at once, what they are called, and the share of their rate that is aimed at.
_BARE: Final = {
    "smtplib": (hand_over_smtplib, WORKERS, "two bare smtplib clients", 0.3),
    "smtp": (hand_over_smtp, WORKERS, "two bare pipelined clients", 0.35),
    "sendgrid": (hand_over_http, 1, "a bare keep-alive http.client", 0.5),
}


def _compare(provider: str, sink: Running, size: int, peaks: list[float]) -> list[Figure]:
    ours: list[float] = []
    wholly: list[float] = []
    bare: dict[str, list[float]] = {name: [] for name in (("smtplib", "smtp") if provider == "smtp" else (provider,))}
    environment = _environment(provider, sink)
    for _round in range(ROUNDS):
        planning = _plan(size)
        os.truncate(sink.path, 0)
        seconds, memory = _together([("--work",)] * WORKERS, environment)
        wholly.append(planning + seconds)
        peaks.extend(memory)
        taken = sink.path.read_bytes().count(b"\n")
        assert taken == size, f"{taken} messages instead of {size}"
        ours.append(size / seconds)
        for client, rates in bare.items():
            arguments = ("--bare", client, str(sink.port), str(size // _BARE[client][1]))
            rates.append(size / _together([arguments] * _BARE[client][1], environment)[0])
    capacity = (flood_smtp if provider == "smtp" else flood_http)(sink.port, size * 5)
    value = median(ours)
    name = {"smtp": "SMTP", "sendgrid": "SendGrid"}[provider] + f", {WORKERS} processes"
    figures = []
    for client, rates in bare.items():
        _hand_over, _clients, words, aim = _BARE[client]
        most = median(rates)
        figures += [
            rate(f"e-mails by {name}", value, "messages/s", most, aim, words),
            rate(f"sink of {name}", capacity, "messages/s", most, 2, words),
        ]
    if size == CAMPAIGN and provider == "smtp":
        took = median(wholly)
        met = took <= CAMPAIGN_SECONDS
        whole = f"{size:,} e-mails by {name}, from the bell to the last"
        figures.append(figure(whole, took, "s", aim=f"≤ {CAMPAIGN_SECONDS:g} s", met=met))
    return figures


def _environment(provider: str, sink: Running) -> dict[str, str]:
    return {
        "EMAIL_PROVIDER": provider,
        "SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
        "SENDGRID_HOST": sink.url,
        "SENDGRID_API_KEY": "bench",
        "RECIPIENT_ALLOW_LIST": "@bench.test",
    }


def _together(jobs: Iterable[tuple[str, ...]], environment: dict[str, str]) -> tuple[float, list[float]]:
    """Run the jobs at once, each in its own process; return the seconds from the common start to the last end, and the
    peak memory of each in MB."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.sending", *job],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for job in jobs
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    start = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    memory = [float(process.communicate()[0]) for process in processes]
    return time.perf_counter() - start, memory


def _job(action: Callable[[], object]) -> None:
    """Say that everything is loaded, wait for the common start, act, and print the peak memory."""
    print("ready", flush=True)
    sys.stdin.readline()
    action()
    # Not getrusage's, which a process inherits from the one that started it, here with a million customers in hand.
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    print(next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))


def _work() -> None:
    throwaway.set_up()
    from microattentions.celery import collect_rarely
    from triggers.dispatch import dispatch

    collect_rarely()
    _job(lambda: dispatch(NOW, seconds=600))


def _fill(size: int) -> None:
    from campaigns.address import address_key
    from campaigns.models import Customer, Order, Variant
    from tests import cast

    campaign = cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks")
    Variant.objects.filter(gesture=campaign.gesture, channel="email", language="fr").update(
        subject="Merci {{ customer.first_name }} !", body=BODY
    )
    addresses = [f"c{number}@bench.test" for number in range(size)]
    customers = Customer.objects.bulk_create(
        Customer(
            external_id=f"c{number}",
            email=address,
            email_key=address_key(address),
            first_name=f"Zoé{number}",
            language="fr",
            created_at=cast.LONG_AGO,
            email_marketing=True,
        )
        for number, address in enumerate(addresses)
    )
    Order.objects.bulk_create(
        Order(
            external_id=f"o{customer.pk}",
            customer=customer,
            placed_at=NOW - timedelta(hours=1),
            total=5990,
            updated_at=NOW,
            created_at=NOW,
        )
        for customer in customers
    )


def _plan(size: int) -> float:
    """Plan `size` deliveries anew; return how many seconds the plan took."""
    from django.db import connection

    from triggers.models import Delivery
    from triggers.planner import plan

    with connection.cursor() as cursor:
        kept = "triggers_occasion, triggers_delivery, triggers_attempt, triggers_guardfinding, triggers_heartbeat"
        cursor.execute(f"TRUNCATE {kept} CASCADE")
        took = throwaway.seconds(lambda: plan(NOW))
        cursor.execute("VACUUM ANALYZE")
    planned = Delivery.objects.count()
    assert planned == size, f"{planned} deliveries instead of {size}"
    return took


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--measure", count]:
            print(json.dumps(_measure(int(count))))
        case ["--work"]:
            _work()
        case ["--bare", provider, port, count]:
            _job(lambda: _BARE[provider][0](int(port), int(count)))
        case _:
            for line in run():
                print(json.dumps(line, ensure_ascii=False))
