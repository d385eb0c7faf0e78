"""The ids of the shop's own in addresses: `<shop_id:external_id>`."""

from django.urls import register_converter


class ShopId:
    """An id of the shop's own in an address: 1 to 200 characters, no slash, no NUL."""

    regex = r"[^/\x00]{1,200}"

    def to_python(self, value: str) -> str:
        """Return the id."""
        return value

    def to_url(self, value: str) -> str:
        """Return the id."""
        return value


register_converter(ShopId, "shop_id")
