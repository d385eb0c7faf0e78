"""The studio tells and reads times in the shop's own zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from campaigns.models import Shop


class ShopTimeMiddleware:
    """Activates the shop's zone while a page of the studio is made; the API and public pages stay in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`, in the shop's zone where it is for the studio."""
        if not request.path.startswith("/studio/"):
            return self.get_response(request)
        zone = Shop.objects.filter(pk=1).values_list("timezone", flat=True).first()
        with timezone.override(ZoneInfo(zone) if zone else None):
            return self.get_response(request)
