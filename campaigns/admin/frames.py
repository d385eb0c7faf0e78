"""An e-mail's HTML on a page of its own, behind a policy of its own, to be shown in a sandboxed frame."""

from typing import Final

from django.http import HttpResponse
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override

# An e-mail brings inline styles and pictures from anywhere; nothing else of it may act.
MAIL_POLICY: Final[dict[str, list[str]]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["https:", "data:"],
    "frame-ancestors": [CSP.SELF],
    "form-action": [CSP.NONE],
    "base-uri": [CSP.NONE],
}

mail_policy = csp_override(MAIL_POLICY)


def mail_page(html: str) -> HttpResponse:
    """Return an e-mail's HTML as a page."""
    return HttpResponse(html)
