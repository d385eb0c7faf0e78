"""Which of a gesture's texts speaks to a customer, and to whom it has nothing to say."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from campaigns.models import GestureTemplate, Shop, Variant


def choose_variant(
    gesture: GestureTemplate, channel: str, language: str, shop: Shop, *, rank: int = 1
) -> Variant | None:
    """Return the text for a customer of `language` (BCP 47; empty: the shop's), or None where nobody should speak.

    The exact language, then its base (fr-CA: fr), then what the gesture's rule for a missing language says; in it the
    text of the `rank`-th time, else the nearest before it. Without a query where `gesture.variants` was prefetched.
    """
    texts: dict[str, list[Variant]] = defaultdict(list)
    for variant in sorted(gesture.variants.all(), key=lambda variant: variant.rank):
        if variant.channel == channel:
            texts[_normal(variant.language)].append(variant)
    found = _speaking(texts, language or shop.language)
    if found is None and gesture.missing_language == GestureTemplate.MissingLanguage.SHOP_LANGUAGE:
        found = _speaking(texts, shop.language)
    if found is None:
        return None
    return next((text for text in reversed(texts[found]) if text.rank <= rank), texts[found][0])


def times_covered(gesture: GestureTemplate, channels: Collection[str]) -> int:
    """Return how many times a customer can read the gesture on `channels` before, somewhere, a text repeats."""
    last: dict[tuple[str, str], int] = {}
    for variant in gesture.variants.all():
        if variant.channel in channels:
            key = variant.channel, _normal(variant.language)
            last[key] = max(last.get(key, 0), variant.rank)
    return min(last.values(), default=0)


def languages_of(gesture: GestureTemplate, channel: str) -> set[str]:
    """Return the languages in which the gesture has a text on `channel`, in lower case."""
    return {_normal(variant.language) for variant in gesture.variants.all() if variant.channel == channel}


def has_text(gesture: GestureTemplate, channel: str, shop: Shop, *, prefix: str = "") -> Q:
    """Return the condition that a customer has a text on `channel`: choose_variant for a whole query.

    `prefix` leads to the customer (`"customer__"`).
    """
    languages = languages_of(gesture, channel)
    shop_speaks = _speaking(languages, shop.language) is not None
    if shop_speaks and gesture.missing_language == GestureTemplate.MissingLanguage.SHOP_LANGUAGE:
        return Q()
    spoken = Q(pk__in=[])
    for language in sorted(languages):
        spoken |= Q(**{f"{prefix}language__iexact": language})
        if "-" not in language:
            spoken |= Q(**{f"{prefix}language__istartswith": f"{language}-"})
    if shop_speaks:
        spoken |= Q(**{f"{prefix}language": ""})
    return spoken


def _speaking(languages: Collection[str], language: str) -> str | None:
    wanted = _normal(language)
    return next((known for known in (wanted, wanted.partition("-")[0]) if known in languages), None)


def _normal(language: str) -> str:
    return language.strip().replace("_", "-").lower()
