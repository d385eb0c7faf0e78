"""The types of single values in what a shop posts: instants, money, addresses, languages, free JSON.

Each refuses what the database, a template or a provider could not take later, so that a bad value is a clear fault
at the door and never a broken page or a 5xx.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Annotated, Any, Final

import phonenumbers
from annotated_types import GroupedMetadata
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from campaigns.models.fields import known_timezones

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
# The largest integer that every JSON reader keeps exactly (RFC 8259 section 6, RFC 7493 section 2.2).
LARGEST_EXACT: Final = 2**53 - 1
DEEPEST: Final = 10
# As a pattern, because pydantic checks that without calling Python.
WITHOUT_NUL: Final = r"^[^\x00]*$"
# ISO 639-1, the two-letter language codes.
_LANGUAGE_CODES: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_LANGUAGES: Final = frozenset(_LANGUAGE_CODES.split())
# BCP 47: language, then optionally script, region, variants.
_BCP47: Final = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?((?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*)")
_MONEY: Final = re.compile(r"\d{1,10}(?:\.\d{1,3})?", re.ASCII)
_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_BIRTH: Final = re.compile(r"(\d{4}|-)-(\d\d)-(\d\d)", re.ASCII)
# Dates that shop systems write where they know nothing.
_PLACEHOLDER_BIRTHS: Final = frozenset({"1900-01-01", "1901-01-01", "1904-01-01", "1970-01-01"})


def refuse(kind: str, message: str) -> PydanticCustomError:
    """Return the fault to raise from a validator; braces in `message` are kept as they are."""
    return PydanticCustomError(kind, "{message}", {"message": message})


def _no_nul(value: str) -> str:
    if "\0" in value:
        raise refuse("nul", _("holds a NUL character, which no database stores"))
    return value


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """Annotates a string of `shortest` to `longest` characters without NUL: `Annotated[str, Text(80)]`."""

    longest: int
    shortest: int = 0

    def __iter__(self) -> Iterator[object]:
        yield StringConstraints(min_length=self.shortest, max_length=self.longest, pattern=WITHOUT_NUL)


def _instant_text(value: Any) -> Any:
    # pydantic would also read "1700000000" as seconds since 1970.
    if not isinstance(value, str) or value[4:5] != "-":
        raise refuse("instant", _("is not an instant like 2025-02-01T09:30:00+01:00"))
    return value


def _money(value: str) -> str:
    if not _MONEY.fullmatch(value):
        if _MONEY.fullmatch(value.removeprefix("-")):
            raise refuse("negative", _("is negative; amounts are zero or more, refunds go into refunded"))
        raise refuse("money", _("is not an amount like 59.90"))
    return value


def _money_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise refuse("money", _("is not a decimal string; write it in quotes, like 59.90"))
    return value


def _email(value: str) -> str:
    if not value:
        return ""
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise refuse("email", _("is not an e-mail address")) from None


def _phone(value: str) -> str:
    if not value:
        return ""
    if _E164.fullmatch(value):
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(value)):
                return value
        except phonenumbers.NumberParseException:
            pass
    raise refuse("phone", _("is not a phone number in E.164, like +33639980001"))


@lru_cache(maxsize=1000)
def canonical_language(value: str) -> str:
    """Return a BCP 47 tag in its usual case (fr, fr-CA, zh-Hant-TW); '' stays ''. Raises a fault otherwise."""
    if not value:
        return ""
    match = _BCP47.fullmatch(value.lower())
    if not match or (len(match[1]) == 2 and match[1] not in _LANGUAGES):
        raise refuse("language", _("is not a language like fr or fr-CA (BCP 47)"))
    language, script, region, variants = match.groups()
    return "-".join(filter(None, [language, (script or "").title(), (region or "").upper()])) + (variants or "")


def _timezone(value: str) -> str:
    if value and value not in known_timezones():
        raise refuse("timezone", _("is not a time zone like Europe/Paris (IANA)"))
    return value


@cache
def known_countries() -> frozenset[str]:
    """Return the ISO 3166 two-letter codes, as the tz database lists them."""
    table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line[:2] for line in table.splitlines() if line and not line.startswith("#"))


def _country(value: str) -> str:
    if value and value not in known_countries():
        raise refuse("country", _("is not a country like FR (ISO 3166)"))
    return value


def _birth_date(value: str) -> str:
    match = _BIRTH.fullmatch(value)
    if not match:
        raise refuse("birth_date", _("is not a date like 1988-03-14, or --03-14 where the year is unknown"))
    if value in _PLACEHOLDER_BIRTHS:
        raise refuse("placeholder", _("is a placeholder that shop systems write for an unknown date; leave it out"))
    year, month, day = match.groups()
    try:
        date(2000 if year == "-" else int(year), int(month), int(day))
    except ValueError:
        raise refuse("birth_date", _("is not a day of the calendar")) from None
    if year != "-" and not 1900 <= int(year) <= LATEST.year:
        raise refuse("birth_date", _("lies before 1900"))
    return value


def check_json(value: Any, depth: int = 0) -> None:
    """Raise a fault unless every database keeps the strings, numbers and depth of a JSON object or list."""
    if isinstance(value, dict):
        for key in value:
            _no_nul(key)
        inner = value.values()
    else:
        inner = value
    if depth > DEEPEST:
        raise refuse("depth", _("is nested more than 10 levels deep"))
    for part in inner:
        kind = type(part)
        if kind is str:
            if "\0" in part:
                _no_nul(part)
        elif kind is int or kind is float:
            # NaN fails the comparison too. The bound keeps a number the same through every database and reader.
            if not -LARGEST_EXACT <= part <= LARGEST_EXACT:
                raise refuse("number", _("holds a number beyond ±9007199254740991; write it as a string"))
        elif kind is dict or kind is list:
            check_json(part, depth + 1)


def _json_object(value: dict[str, Any]) -> dict[str, Any]:
    check_json(value)
    return value


# Lax, because strict mode refuses text once a validator of ours has looked at it; that one lets only text through.
Instant = Annotated[AwareDatetime, Field(strict=False, ge=EARLIEST, le=LATEST), BeforeValidator(_instant_text)]
Money = Annotated[
    str,
    AfterValidator(_money),
    BeforeValidator(_money_text),
    Field(json_schema_extra={"example": "59.90", "description": "Decimal string in the shop's currency."}),
]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Phone = Annotated[str, Field(max_length=16), AfterValidator(_phone)]
Language = Annotated[str, Field(max_length=35), AfterValidator(canonical_language)]
Timezone = Annotated[str, Field(max_length=64), AfterValidator(_timezone)]
Country = Annotated[str, AfterValidator(_country)]
BirthDate = Annotated[str, AfterValidator(_birth_date)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
JsonObject = Annotated[dict[str, Any], AfterValidator(_json_object)]
Points = Annotated[int, Field(ge=0, le=1_000_000_000)]
ExternalId = Annotated[str, Text(200, shortest=1)]
ShortText = Annotated[str, Text(120)]
LongText = Annotated[str, Text(10_000)]
