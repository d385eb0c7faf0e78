"""An address with a NUL character is refused at the door: PostgreSQL would answer any comparison with a fault."""

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse


class WithoutNulMiddleware:
    """Answers 400 to a query that holds a NUL; the API has its own words for it (campaigns/api/facts.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`; raises SuspiciousOperation, of which Django makes the 400."""
        if "%00" in request.META.get("QUERY_STRING", "") and not request.path.startswith("/api/"):
            raise SuspiciousOperation("an address with a NUL character")
        return self.get_response(request)
