"""The survey: one click in the message opens the page with the score chosen; only its button records an answer."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import clock
from campaigns.answers import DETRACTOR, record_answer
from campaigns.models import Answer
from triggers.links import BadToken, read_survey
from triggers.models import Delivery
from triggers.public.pages import broken_link, show

_SCORES: Final = frozenset(map(str, range(11)))


# As when leaving: no cookie says who this is, the signed token does, so that a forged request has nothing to borrow.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str, score: int | None = None) -> HttpResponse:
    """Show the question, `score` already chosen, or take the answer; scanners that follow links change nothing."""
    try:
        delivery = Delivery.objects.select_related("customer").get(pk=read_survey(token))
    except (BadToken, Delivery.DoesNotExist, OverflowError):
        return broken_link(request)
    language = delivery.customer.language
    if request.method != "POST":
        return show(request, "public/survey.html", _question(delivery, score), language=language)
    chosen = request.POST.get("score", "")
    if chosen not in _SCORES:
        facts = _question(delivery, score) | {"missing": True}
        return show(request, "public/survey.html", facts, language=language, status=400)
    answer = record_answer(
        delivery.customer,
        answer_id(delivery),
        score=int(chosen),
        comment=request.POST.get("comment", ""),
        now=clock.now(),
    )
    facts = {"unhappy": answer.score <= DETRACTOR}
    return show(request, "public/answered.html", facts, language=language)


def answer_id(delivery: Delivery) -> str:
    """Return the id of the one answer that a delivery may bring: answering twice corrects it."""
    return f"delivery:{delivery.pk}"


def _question(delivery: Delivery, score: int | None) -> dict[str, object]:
    """Return the page's facts. A comment given before is not shown: a forwarded message would tell it to others."""
    before = Answer.objects.filter(external_id=answer_id(delivery)).values_list("score", flat=True).first()
    chosen = before if score is None or not 0 <= score <= 10 else score
    return {"scores": range(11), "chosen": chosen, "before": before}
