"""The demo's design: its moments, gestures and campaigns in both languages."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from campaigns.models import Campaign, GestureTemplate, JourneyMoment, Variant
from microattentions.demo.house import SITE

Category = GestureTemplate.Category
Stage = JourneyMoment.Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment with its gesture and the campaigns that play it.

    `email` and `sms` are texts by language: (subject, preheader, body) and the text. `campaigns` maps each campaign's
    key to the fields in which it differs.
    """

    slug: str
    name: str
    stage: str
    friction: str
    emotion: str
    kind: str
    rule: dict[str, Any]
    category: str
    intention: str
    email: dict[str, tuple[str, str, str]]
    sms: dict[str, str] = field(default_factory=dict)
    campaigns: dict[str, dict[str, Any]]


_HALF: Final = {"holdout_share": Decimal("0.500"), "attribution_days": 14}
_LIVE: Final = {"holdout_share": Decimal("0.100"), "attribution_days": 14}


def _mail(title: str, text: str, link: str, path: str) -> str:
    return f'<h1>{title}</h1>\n<p>{text}</p>\n<p><a href="{SITE}{path}">{link}</a></p>'


SCENES: Final = (
    Scene(
        slug="birthday",
        name="Birthday",
        stage=Stage.ANNIVERSARY,
        friction="A year is long: they may have forgotten us.",
        emotion="to be thought of",
        kind="birthday",
        rule={"send_hour": 9},
        category=Category.SURPRISE,
        intention="A small present without conditions, on the day itself.",
        email={
            "fr": (
                "{{ customer.first_name|default('Bonjour') }}, une tasse vous attend",
                "Un petit cadeau pour votre anniversaire",
                _mail(
                    "Joyeux anniversaire{% if customer.first_name %}, {{ customer.first_name }}{% endif %} !",
                    "Aujourd'hui, la livraison et un sachet de sencha sont pour nous. Rien à recopier : ils vous "
                    "attendent dans votre panier.",
                    "Choisir mon thé",
                    "/fr/anniversaire",
                ),
            ),
            "en": (
                "{{ customer.first_name|default('Hello') }}, a cup is waiting for you",
                "A small present for your birthday",
                _mail(
                    "Happy birthday{% if customer.first_name %}, {{ customer.first_name }}{% endif %}!",
                    "Today delivery and a pouch of sencha are on us. No code to copy: they wait in your cart.",
                    "Choose my tea",
                    "/en/birthday",
                ),
            ),
        },
        campaigns={
            "birthday-gift": _HALF | {"name": "Birthday gift (last year)", "unit_costs": {"email": 1}},
            "birthday-wish": _LIVE | {"name": "Birthday wish", "unit_costs": {"email": 1}, "priority": 2},
        },
    ),
    Scene(
        slug="new-tier",
        name="A loyalty tier is reached",
        stage=Stage.LOYALTY,
        friction="Loyalty is counted in silence.",
        emotion="pride",
        kind="tier",
        rule={"delay_hours": 2},
        category=Category.RECOGNITION,
        intention="Say thank you as one would across the counter, and show the badge.",
        email={
            "fr": (
                "Vous voilà {{ customer.tier }}",
                "Merci, tout simplement",
                _mail(
                    "{{ customer.tier }}",
                    "{{ customer.first_name|default('Bonjour') }}, vous venez de franchir une étape de notre maison. "
                    "Votre badge est prêt, et vos prochaines commandes partent en priorité.",
                    "Voir mon badge",
                    "/fr/badge",
                ),
            ),
            "en": (
                "You are now {{ customer.tier }}",
                "Thank you, simply",
                _mail(
                    "{{ customer.tier }}",
                    "{{ customer.first_name|default('Hello') }}, you have just reached a new step of our house. "
                    "Your badge is ready, and your next orders leave first.",
                    "See my badge",
                    "/en/badge",
                ),
            ),
        },
        sms={
            "fr": "{{ customer.first_name|default('Bonjour') }}, vous êtes {{ customer.tier }} ! Maison Thé. "
            "STOP au 36180",
            "en": "{{ customer.first_name|default('Hello') }}, you are {{ customer.tier }}! Maison Thé. "
            "STOP to opt out",
        },
        campaigns={
            "tier-badge": _HALF | {"name": "Badge of a new tier (last year)", "unit_costs": {"email": 1}},
            "tier-thanks": _LIVE
            | {"name": "Thank-you for a new tier", "channels": ["sms", "email"], "unit_costs": {"email": 1, "sms": 6}},
        },
    ),
    Scene(
        slug="parcel-opened",
        name="Some days after the parcel",
        stage=Stage.AFTER_PURCHASE,
        friction="After the payment, silence.",
        emotion="to be cared for",
        kind="post_purchase",
        rule={"anchor": "delivered", "delay_days": 3},
        category=Category.POST_PURCHASE,
        intention="Ask how it is going, and listen.",
        email={
            "fr": (
                "Alors, ce thé ?",
                "Une question, une seule",
                _mail(
                    "Tout va bien ?",
                    "{{ customer.first_name|default('Bonjour') }}, votre commande {{ order.id }} est arrivée le "
                    "{{ order.delivered_on|default('bon jour') }}. Un mot de vous nous aide plus qu'une étoile.",
                    "Répondre en dix secondes",
                    "/fr/avis",
                ),
            ),
            "en": (
                "So, how is the tea?",
                "One question, only one",
                _mail(
                    "Is all well?",
                    "{{ customer.first_name|default('Hello') }}, your order {{ order.id }} arrived on "
                    "{{ order.delivered_on|default('time') }}. A word from you helps us more than a star.",
                    "Answer in ten seconds",
                    "/en/review",
                ),
            ),
        },
        sms={
            "fr": "{{ customer.first_name|default('Bonjour') }}, tout va bien avec votre thé ? "
            "https://maison-the.test/a STOP au 36180",
            "en": "{{ customer.first_name|default('Hello') }}, how is the tea? "
            "https://maison-the.test/a STOP to opt out",
        },
        campaigns={
            "how-was-it": _HALF | {"name": "How was it? (last season)", "unit_costs": {"email": 1}},
            "how-is-it-going": _LIVE
            | {"name": "How is it going?", "channels": ["sms", "email"], "unit_costs": {"email": 1, "sms": 6}},
        },
    ),
    Scene(
        slug="first-brew",
        name="A week after the order",
        stage=Stage.AFTER_PURCHASE,
        friction="The first brew is often too hot.",
        emotion="ease",
        kind="post_purchase",
        rule={"anchor": "placed", "delay_days": 7},
        category=Category.ONBOARDING,
        intention="Thirty seconds of advice, nothing to buy.",
        email={
            "fr": (
                "70 degrés, pas un de plus",
                "Le secret d'un thé vert sans amertume",
                _mail(
                    "Le bon geste",
                    "Laissez l'eau reposer trois minutes avant de verser.",
                    "Voir le geste",
                    "/fr/geste",
                ),
            ),
            "en": (
                "70 degrees, not one more",
                "The secret of green tea that is not bitter",
                _mail("The right gesture", "Let the water rest three minutes before pouring.", "Watch it", "/en/brew"),
            ),
        },
        campaigns={"brewing-tip": _HALF | {"name": "Brewing tip (A/A comparison)", "unit_costs": {"email": 1}}},
    ),
)


def design() -> dict[str, Campaign]:
    """Store every scene; return the campaigns, still drafts, by their keys."""
    made = {}
    for scene in SCENES:
        moment = JourneyMoment.objects.create(
            slug=scene.slug,
            name=scene.name,
            stage=scene.stage,
            friction=scene.friction,
            emotion=scene.emotion,
            kind=scene.kind,
            rule=scene.rule,
        )
        gesture = GestureTemplate.objects.create(
            slug=scene.slug, name=scene.name, category=scene.category, intention=scene.intention
        )
        for language, (subject, preheader, body) in scene.email.items():
            Variant.objects.create(
                gesture=gesture, channel="email", language=language, subject=subject, preheader=preheader, body=body
            )
        for language, body in scene.sms.items():
            Variant.objects.create(gesture=gesture, channel="sms", language=language, body=body)
        for slug, fields in scene.campaigns.items():
            made[slug] = Campaign.objects.create(slug=slug, moment=moment, gesture=gesture, **fields)
    return made
