"""Providers that sign as the real ones do: SendGrid with a key pair of the test, Twilio with a token of the test."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
TOKEN = "12345"
PUBLIC_URL = "https://app.example.test"

SendGridPost = Callable[..., HttpResponse]
TwilioPost = Callable[..., HttpResponse]


@pytest.fixture
def sendgrid(settings: Settings) -> SendGridPost:
    """Post a list of events, or raw bytes, signed; `body`, `timestamp` or `signature` replace what is sent after."""
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings.SENDGRID_WEBHOOK_PUBLIC_KEY = base64.b64encode(der).decode()

    def post(events: Any, *, signed_at: float | None = None, **forged: Any) -> HttpResponse:
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        timestamp = str(int(time.time() if signed_at is None else signed_at))
        signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        headers = {SIGNATURE: forged.get("signature", signature), TIMESTAMP: forged.get("timestamp", timestamp)}
        client = Client(enforce_csrf_checks=True)
        return client.post("/webhooks/sendgrid", forged.get("body", body), "application/json", headers=headers)  # type: ignore[return-value]

    return post


@pytest.fixture
def twilio(settings: Settings) -> TwilioPost:
    """Post a form to `path`, signed; `signature` replaces the right one."""
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, PUBLIC_URL

    def post(path: str, form: dict[str, str], *, signature: str | None = None) -> HttpResponse:
        right = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, form)
        client = Client(enforce_csrf_checks=True)
        return client.post(  # type: ignore[return-value]
            path,
            urlencode(form),
            "application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": right if signature is None else signature},
        )

    return post
