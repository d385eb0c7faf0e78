"""What a page answers while the database is away: 503 with Retry-After, as the API does, and never a storm of 500."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.defaults import server_error

RETRY_SECONDS = 5


def fault(request: HttpRequest) -> HttpResponse:
    """Answer an exception that nobody caught; Django calls it while the exception is being handled."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return server_error(request)
    text = _("The database is out of reach. Please try again in a moment.")
    return HttpResponse(f"{text}\n", "text/plain; charset=utf-8", 503, headers={"Retry-After": str(RETRY_SECONDS)})
