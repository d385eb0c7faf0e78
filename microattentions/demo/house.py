"""The demo's shop: who it is, what it sells, its senders, hours, tiers and key events."""

from typing import Final

from campaigns.models import KeyEvent, Sender, Shop, Tier

CURRENCY: Final = "EUR"
ZONE: Final = "Europe/Paris"
SITE: Final = "https://maison-the.test"

# sku, French name, English name, category, price in minor units with tax
PRODUCTS: Final = (
    ("TEA-SENCHA", "Sencha des collines", "Hillside sencha", "tea", 1450),
    ("TEA-EARL", "Earl Grey bergamote", "Bergamot Earl Grey", "tea", 1290),
    ("TEA-ROOIBOS", "Rooibos vanille", "Vanilla rooibos", "tea", 1190),
    ("TEA-OOLONG", "Oolong de printemps", "Spring oolong", "tea", 2450),
    ("TEA-BLANC", "Thé blanc aux pétales", "White tea with petals", "tea", 2890),
    ("POT-GRES", "Théière en grès", "Stoneware teapot", "ware", 4900),
    ("CUP-DUO", "Deux tasses émaillées", "Two glazed cups", "ware", 3200),
    ("BOX-NOEL", "Coffret découverte", "Discovery box", "gift", 3900),
    ("FILTER-BIO", "Cent filtres en chanvre", "A hundred hemp filters", "ware", 790),
    ("HONEY-TILLEUL", "Miel de tilleul", "Linden honey", "grocery", 990),
)
TIERS: Final = (
    ("silver", "Feuille d'argent", 20000),
    ("gold", "Feuille d'or", 50000),
    ("jade", "Feuille de jade", 90000),
)
KEY_EVENTS: Final = (
    ("view_item", "Product seen", KeyEvent.Kind.MILESTONE, 1),
    ("add_to_cart", "Added to the cart", KeyEvent.Kind.MILESTONE, 2),
    ("begin_checkout", "Checkout begun", KeyEvent.Kind.MILESTONE, 3),
    ("purchase", "Purchase", KeyEvent.Kind.MACRO, 0),
    ("newsletter_joined", "Newsletter joined", KeyEvent.Kind.SECONDARY, 0),
    ("guide_read", "Brewing guide read", KeyEvent.Kind.SECONDARY, 0),
)


def set_the_shop() -> Shop:
    """Store the shop (with the hours of a new one), its senders, tiers and key events."""
    shop = Shop.get()
    shop.name, shop.website, shop.country = "Maison Thé", SITE, "FR"
    shop.timezone, shop.currency, shop.language = ZONE, CURRENCY, "fr"
    shop.postal_address = "12 rue des Camélias, 44000 Nantes"
    shop.save()
    for language, name in (("fr", "Élise de Maison Thé"), ("en", "Élise at Maison Thé")):
        Sender.objects.create(
            shop=shop,
            language=language,
            email_name=name,
            email_address="elise@maison-the.test",
            sms_from="+33639980100",
        )
    Tier.objects.bulk_create(
        Tier(slug=slug, name=name, threshold=threshold, rank=rank)
        for rank, (slug, name, threshold) in enumerate(TIERS, start=1)
    )
    KeyEvent.objects.bulk_create(
        KeyEvent(name=name, label=label, kind=kind, rank=rank) for name, label, kind, rank in KEY_EVENTS
    )
    return shop
