"""A storm of SendGrid events: doubled, shuffled, days late, forged, from several senders at once."""

import base64
import json
import time
from functools import partial
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client

from campaigns import clock
from tests.chaos.arena import Arena, Row
from triggers.dispatch import dispatch
from triggers.models import Attempt, Delivery
from triggers.planner import plan

URL = "/webhooks/sendgrid"
PATHS = (("processed",), ("processed", "delivered"), ("processed", "deferred", "delivered"), ("processed", "bounce"))
ENDS = {"processed": "accepted", "delivered": "delivered", "bounce": "bounced"}


def storm(arena: Arena, amount: int) -> Row:
    """Post about `amount` events, each twice, in any order; a tenth of the posts besides are forged."""
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings.SENDGRID_WEBHOOK_PUBLIC_KEY = base64.b64encode(der).decode()
    arena.orders(amount // 4)
    plan(clock.now())
    dispatch()
    arena.settle()
    words, ends = [], {}
    for attempt in Attempt.objects.filter(outcome="accepted"):
        path = arena.random.choice(PATHS)
        ends[attempt.delivery_id] = ENDS[path[-1]]
        words += [_event(attempt, name, arena.random.choice((0, 60, 3 * 86_400))) for name in path]
    words *= 2
    arena.random.shuffle(words)
    batches = [words[start : start + 100] for start in range(0, len(words), 100)]
    posts = [arena.fork(partial(_post, batches[part::3], key)) for part in range(3)]
    forgeries = [[_event(attempt, "bounce", 0)] for attempt in Attempt.objects.all()[: max(20, amount // 10)]]
    accepted = _forge(forgeries)
    for process in posts:
        if arena.reap(process):
            # SendGrid posts again what was not answered with a 2xx.
            _post(batches, key)
    row = arena.check("callbacks doubled, shuffled, late, forged", f"{len(words)}, {len(forgeries)} forged")
    if accepted:
        row.wrong.append(f"{accepted} forged batches were believed")
    states = dict(Delivery.objects.filter(pk__in=ends).values_list("pk", "state"))
    different = sum(states[pk] != end for pk, end in ends.items())
    if different:
        row.wrong.append(f"{different} deliveries do not stand where their last word put them")
    return row


def _event(attempt: Attempt, name: str, late: int) -> dict[str, Any]:
    return {
        "event": name,
        "email": attempt.recipient,
        "attempt_id": attempt.pk.hex,
        "timestamp": int(time.time()) - late,
        "sg_event_id": f"{attempt.pk.hex}-{name}",
        "sg_message_id": f"{attempt.provider_id}.filter0001.1.2-0",
    }


def _post(batches: list[list[dict[str, Any]]], key: ec.EllipticCurvePrivateKey) -> None:
    client = Client()
    for batch in batches:
        body, stamp = json.dumps(batch).encode(), str(int(time.time()))
        signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        answer = client.post(URL, body, "application/json", headers=_headers(signature, stamp))
        assert answer.status_code == 204, answer.status_code


def _forge(batches: list[list[dict[str, Any]]]) -> int:
    """Post batches signed with a key of our own; return how many were believed."""
    other = ec.generate_private_key(ec.SECP256R1())
    believed = 0
    for batch in batches:
        body, stamp = json.dumps(batch).encode(), str(int(time.time()))
        signature = base64.b64encode(other.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        answer = Client().post(URL, body, "application/json", headers=_headers(signature, stamp))
        believed += answer.status_code != 403
    return believed


def _headers(signature: str, stamp: str) -> dict[str, str]:
    prefix = "X-Twilio-Email-Event-Webhook"
    return {f"{prefix}-Signature": signature, f"{prefix}-Timestamp": stamp}
