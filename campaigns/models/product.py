"""A product that a gesture can show."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Product(models.Model):
    """One article of the shop, by its SKU; `names` maps a language to its name."""

    sku = models.CharField(_("SKU"), max_length=100, unique=True)
    names = models.JSONField(_("names by language"), default=dict)
    url = models.URLField(_("address"), max_length=500, blank=True, default="")
    image_url = models.URLField(_("picture"), max_length=500, blank=True, default="")
    category = models.CharField(_("category"), max_length=120, blank=True, default="")
    stock = models.IntegerField(_("in stock"), null=True, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")

    def __str__(self) -> str:
        return next(iter(self.names.values()), self.sku)
