"""Reads of forms before a camp: whether they take answers, their personal links, who answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from contacts.enums import SurveyAnswerState
from contacts.models import Survey, SurveyAnswer, SurveyLink
from contacts.policies.surveys import link_of, link_tail
from tenants import clock

_SALT = "contacts.survey.link"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def is_open(survey: Survey, *, now: datetime, zone: str) -> bool:
    """Whether answers are taken: not closed by hand, and its last day is not over in `zone`."""
    if survey.closed_at is not None:
        return False
    return survey.last_day is None or clock.local_date(now, zone) <= survey.last_day


def _mac(tenant_id: int, link_id: int) -> str:
    return salted_hmac(_SALT, f"{tenant_id}.{link_id}", algorithm="sha256").hexdigest()


def link_url(link: SurveyLink) -> str:
    """The personal address: it names tenant and link, signed, and no person."""
    digits, number = "", link.tenant_id
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return f"{settings.PUBLIC_URL}/r/f/{digits}-{link_tail(link.pk, _mac(link.tenant_id, link.pk))}"


def link_by_tail(*, tenant_id: int, tail: str) -> SurveyLink | None:
    """The link behind an address, or None where it is forged or gone."""
    found = link_of(tail)
    if found is None or not constant_time_compare(_mac(tenant_id, found[0])[:16], found[1]):
        return None
    rows = SurveyLink.objects.filter(tenant_id=tenant_id, pk=found[0])
    return rows.select_related("survey", "customer").first()


def link_words(survey: Survey, url: str) -> str:
    """What staff send."""
    return _("Hello! A few questions before we start, one minute: %(form)s %(url)s") % {
        "form": survey.title,
        "url": url,
    }


def survey_get(*, tenant_id: int, survey_id: int) -> Survey:
    """Raises Survey.DoesNotExist, also for another tenant's id."""
    return Survey.objects.get(tenant_id=tenant_id, pk=survey_id)


def survey_list(*, tenant_id: int) -> QuerySet[Survey]:
    """Forms with `asked`, `answered` people, the newest first."""
    return (
        Survey.objects.filter(tenant_id=tenant_id)
        .annotate(asked=Count("links"), answered=Count("links", filter=Q(links__answered_at__isnull=False)))
        .order_by("-created_at", "-pk")
    )


def survey_people(*, survey: Survey) -> QuerySet[SurveyLink]:
    """Everybody who was asked, those who have not answered first."""
    rows = SurveyLink.objects.filter(tenant_id=survey.tenant_id, survey=survey)
    return rows.select_related("customer", "group", "staff").order_by("answered_at", "pk")


@dataclass(frozen=True)
class Response:
    """One group's figures. `rate` is answered ÷ asked, None without anybody asked."""

    group: Any
    asked: int
    opened: int
    answered: int

    @property
    def rate(self) -> float | None:
        return self.answered / self.asked if self.asked else None


def survey_responses(*, survey: Survey) -> QuerySet:
    """{"group_id", "group__name", "asked", "opened", "answered"} of each group by name: people, each once."""
    rows = SurveyLink.objects.filter(tenant_id=survey.tenant_id, survey=survey).values(
        "group_id", "group__name"
    )
    return rows.annotate(
        asked=Count("pk"),
        opened=Count("pk", filter=Q(opened_at__isnull=False)),
        answered=Count("pk", filter=Q(answered_at__isnull=False)),
    ).order_by("group__name", "group_id")


def as_response(row: dict[str, Any]) -> Response:
    """One of `survey_responses`."""
    return Response((row["group_id"], row["group__name"]), row["asked"], row["opened"], row["answered"])


def answers_waiting(*, survey: Survey) -> QuerySet[SurveyAnswer]:
    """Answers of visitors whom nobody named, the oldest first."""
    rows = SurveyAnswer.objects.filter(
        tenant_id=survey.tenant_id, survey=survey, state=SurveyAnswerState.WAITING
    )
    return rows.select_related("link__customer").order_by("answered_at", "pk")


def answers_of(*, tenant_id: int, survey_id: int, customer_ids: list[int]) -> dict[int, SurveyAnswer]:
    """{customer id: what they answered}."""
    rows = SurveyAnswer.objects.filter(tenant_id=tenant_id, survey_id=survey_id, customer_id__in=customer_ids)
    return {row.customer_id or 0: row for row in rows}
