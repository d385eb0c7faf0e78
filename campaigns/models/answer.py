"""Answers to surveys; the NPS score is one of them."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.customer import Customer


class Answer(models.Model):
    """One answer, 0 to 10: 9 and 10 promote, 7 and 8 are passive, 0 to 6 detract."""

    external_id = models.CharField(_("shop's id"), max_length=200)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="answers", verbose_name=_("customer"))
    survey = models.CharField(_("survey"), max_length=60, default="nps")
    score = models.PositiveSmallIntegerField(_("score"), validators=[MaxValueValidator(10)])
    comment = models.TextField(_("comment"), blank=True, default="")
    answered_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        # A constraint and not unique=True: that would add a second index (for LIKE) to every insert.
        constraints = [models.UniqueConstraint(fields=["external_id"], name="answer_external_id_once")]
        indexes = [models.Index(fields=["survey", "answered_at"], name="answer_survey_when")]

    def __str__(self) -> str:
        return f"{self.survey} {self.score}"
