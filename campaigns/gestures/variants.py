"""Which of a gesture's texts speaks to a customer, and to whom it has nothing to say."""

from collections.abc import Collection

from django.db.models import Q

from campaigns.models import GestureTemplate, Shop, Variant


def choose_variant(gesture: GestureTemplate, channel: str, language: str, shop: Shop) -> Variant | None:
    """Return the text for a customer of `language` (BCP 47; empty: the shop's), or None where nobody should speak.

    The exact language, then its base (fr-CA: fr), then what the gesture's rule for a missing language says. Without
    a query where `gesture.variants` was prefetched.
    """
    texts = {_normal(variant.language): variant for variant in gesture.variants.all() if variant.channel == channel}
    found = _speaking(texts, language or shop.language)
    if found is None and gesture.missing_language == GestureTemplate.MissingLanguage.SHOP_LANGUAGE:
        found = _speaking(texts, shop.language)
    return None if found is None else texts[found]


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
