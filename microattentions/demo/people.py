"""The demo's customers: invented names, `.test` addresses, fictional numbers, in three countries and two languages."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

# First names, then last names, by language.
_NAMES: Final = {
    "fr": (
        "Camille Léa Manon Inès Chloé Jade Louise Anaïs Zoé Lucie Hugo Louis Jules Gabriel Adam Arthur Raphaël Nathan "
        "Malik Théo Aïcha Fatou Yasmine Élodie Benoît Étienne Noémie Margaux Simon Paul",
        "Martin Bernard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia Roux Fournier Girard Bonnet "
        "Dupont Lambert Fontaine Rousseau Vincent Muller Faure André Mercier Blanc Guérin Boyer Garnier Diallo Nguyen "
        "Tremblay Gagnon Roy Côté Bouchard",
    ),
    "en": (
        "Emma Olivia Amelia Isla Grace Freya Sophie Priya Aisha Chloe Oliver George Harry Noah Jack Leo Oscar Arthur "
        "Muhammad Ethan Owen Dylan Maya Zara Ruby Alice Ben Tom Kwame Rosa",
        "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker White Edwards Hughes Green Hall "
        "Lewis Harris Clarke Jackson Khan Turner Hill Scott Moore Cooper Ward Morris King Baker",
    ),
}
# language, country, zone, share of customers
PLACES: Final = (
    ("fr", "FR", "Europe/Paris", 0.70),
    ("fr-CA", "CA", "America/Toronto", 0.10),
    ("en", "GB", "Europe/London", 0.16),
    ("en-CA", "CA", "America/Vancouver", 0.04),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer and what the generator needs to know of them: orders a day to be expected, and their own chance."""

    item: dict[str, Any]
    consents: tuple[dict[str, Any], ...]
    signed_up_at: datetime
    rate: float
    chance: random.Random

    @property
    def id(self) -> str:
        """The shop's id."""
        return str(self.item["id"])


def fictional_phones() -> dict[str, Iterator[str]]:
    """Return, for each country, the numbers that its regulator keeps for fiction, in E.164, each once."""
    canadian = ("514", "438", "416", "647", "604", "778", "613", "418", "581", "905")
    return {
        "FR": (f"+3363998{number:04}" for number in range(10_000)),
        "GB": (f"+447700900{number:03}" for number in range(1_000)),
        "CA": (f"+1{area}55501{number:02}" for area in canadian for number in range(100)),
    }


def people(count: int, *, since: datetime, until: datetime, seed: int) -> Iterator[Person]:
    """Yield `count` customers: six in ten known before `since`, the others signing up until `until`.

    Each has a chance of their own, so that one who does more or less changes nothing for the others, and birthdays
    are counted from `until`: the demo loaded a week later is the same demo, a week later.
    """
    phones = fictional_phones()
    for number in range(count):
        chance = random.Random(f"{seed} {number}")  # noqa: S311 - a repeatable demo, not a secret
        language, country, zone, _share = chance.choices(PLACES, weights=[place[3] for place in PLACES])[0]
        known_before = chance.random() < 0.6
        minutes = chance.randrange(60, 60 * 24 * 900)
        signed_up_at = since - timedelta(minutes=minutes) if known_before else since + (until - since) * chance.random()
        phone = next(phones[country], "") if chance.random() < 0.7 else ""
        birthday = until + timedelta(days=chance.randrange(365))
        yield _person(number, (language, country, zone), phone, signed_up_at.replace(microsecond=0), birthday, chance)


def _person(
    number: int,
    place: tuple[str, str, str],
    phone: str,
    signed_up_at: datetime,
    birthday: datetime,
    chance: random.Random,
) -> Person:
    language, country, zone = place
    base = language[:2]
    first, last = (chance.choice(names.split()) for names in _NAMES[base])
    year = "-" if chance.random() < 0.15 else f"{chance.randrange(1950, 2005)}"
    item: dict[str, Any] = {
        "type": "customer",
        "id": f"c-{number + 1}",
        "email": f"customer{number + 1}@example.test",
        "first_name": first if chance.random() < 0.97 else "",
        "last_name": last,
        "language": language,
        "timezone": zone,
        "country": country,
        "signed_up_at": signed_up_at.isoformat(),
        "points": chance.randrange(0, 400),
        "tags": ["newsletter"] if chance.random() < 0.5 else [],
        "updated_at": signed_up_at.isoformat(),
    }
    if chance.random() < 0.92 and (birthday.month, birthday.day) != (2, 29):
        item["birth_date"] = f"{year}-{birthday:%m-%d}"
    if phone:
        item["phone"] = phone
    # Few order often, many seldom: a gamma distribution of rates, about one order in 130 days on average.
    return Person(
        item=item,
        consents=tuple(_consents(item, "Oui, écrivez-moi." if base == "fr" else "Yes, write to me.", chance)),
        signed_up_at=signed_up_at,
        rate=chance.gammavariate(2, 0.5) / 130,
        chance=chance,
    )


def _consents(item: dict[str, Any], words: str, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield what the customer of `item` agreed to when they signed up."""
    for channel, share in (("email", 0.9), ("sms", 0.45)):
        if chance.random() < share and (channel == "email" or "phone" in item):
            yield {
                "type": "consent",
                "customer": item["id"],
                "channel": channel,
                "granted": True,
                "source": "sign-up",
                "text": words,
                "given_at": item["signed_up_at"],
            }
