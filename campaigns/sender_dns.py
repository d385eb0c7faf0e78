"""What mailbox providers look up about a sender's domain before they believe it: SPF, DKIM and DMARC."""

import time
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

SECONDS: Final = 3.0
# A page that is looked at again and again does not ask again and again.
_KEPT_SECONDS: Final = 300.0
_known: dict[str, tuple[float, list[str]]] = {}


def dns_problems(addresses: Iterable[str]) -> list[str]:
    """Return what the domains of sender `addresses` lack in DNS, each with its remedy, in the active language."""
    domains = sorted({address.rpartition("@")[2].lower() for address in addresses} - {""})
    return [problem for domain in domains for problem in _kept(domain)]


def _kept(domain: str) -> list[str]:
    asked_at, problems = _known.get(domain, (0.0, []))
    # Only what is well is kept: who mends a record looks again at once.
    if problems or time.monotonic() - asked_at > _KEPT_SECONDS or not asked_at:
        problems = _problems(domain)
        _known[domain] = (time.monotonic(), problems)
    return problems


def _problems(domain: str) -> list[str]:
    selectors: list[str] = settings.DKIM_SELECTORS
    try:
        return [
            words % {"domain": domain, "selectors": ", ".join(selectors)}
            for found, words in (
                (_has(domain, "v=spf1"), _("%(domain)s has no SPF record: add the TXT record your provider names.")),
                (
                    any(_has(f"{selector}._domainkey.{domain}", "p=") for selector in selectors),
                    _(
                        "%(domain)s has no DKIM key under %(selectors)s: add your provider's records, or name its "
                        "selectors in DKIM_SELECTORS."
                    ),
                ),
                (
                    any(_has(f"_dmarc.{parent}", "v=DMARC1") for parent in _parents(domain)),
                    _("%(domain)s has no DMARC record: add a TXT record for _dmarc, at least “v=DMARC1; p=none”."),
                ),
            )
            if not found
        ]
    except DNSException:
        return [_("The DNS did not answer about %(domain)s: try again in a moment.") % {"domain": domain}]


def _parents(domain: str) -> list[str]:
    """Return the domain and those above it that may hold its DMARC policy, down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[first:]) for first in range(max(1, len(labels) - 1))]


def _has(name: str, mark: str) -> bool:
    """Return whether a TXT record of `name` holds `mark`; raises DNSException where the DNS does not answer."""
    resolver = Resolver(configure=not settings.DNS_SERVER)
    if settings.DNS_SERVER:
        host, _colon, port = settings.DNS_SERVER.partition(":")
        resolver.nameservers, resolver.port = [host], int(port or 53)
    resolver.lifetime = SECONDS
    try:
        records = resolver.resolve(name, "TXT")
    except (NXDOMAIN, NoAnswer):
        return False
    texts = (b"".join(record.strings).decode("ascii", "replace").replace(" ", "") for record in records)
    # An empty "p=" is how a key is revoked.
    return any(mark in text and not text.rstrip(";").endswith("p=") for text in texts)
