"""Forms that customers answer on the phone before a camp (R29), who was asked, and what was answered."""

from typing import Any

from django.db import models

from contacts.enums import SurveyAnswerState
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class Survey(TenantModel):
    """A form. `questions`: [{"key", "label", "kind", "field", "required", "options"}], in the order shown.

    `field` is a ProfileField that the answer tells, "" for a free question. A form is closed by hand or after its
    last day in the company's zone.
    """

    title = models.CharField(max_length=60)
    intro = models.TextField(blank=True)
    thanks = models.TextField(blank=True)
    questions: Any = models.JSONField(default=list)
    last_day = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-created_at"], name="contacts_survey_recent")]

    def __str__(self) -> str:
        return self.title


class SurveyLink(TenantModel):
    """That one customer was asked: the personal link is made of this row. `group`: for which group or camp."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="links", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    group = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(default=clock.now)
    reminded_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "survey", "customer"], name="contacts_survey_link_once")
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="contacts_survey_link_person")]


class SurveyAnswer(TenantModel):
    """What somebody answered: [{"key", "label", "field", "value", "words"}].

    `customer` is whom WeCom named, or whom staff confirmed. Before that the answers of a visitor whom nobody
    named wait (`link` says to whom the form had been sent) and touch no profile.
    """

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="answers", db_index=False)
    link = models.ForeignKey(SurveyLink, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=SurveyAnswerState)
    answers: Any = models.JSONField(default=list)
    answered_at = models.DateTimeField(default=clock.now)
    decided_by = models.CharField(max_length=128, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "survey", "customer"],
                condition=models.Q(customer__isnull=False),
                name="contacts_survey_answer_once",
            )
        ]
        indexes = [models.Index(fields=["tenant", "link"], name="contacts_survey_answer_link")]
