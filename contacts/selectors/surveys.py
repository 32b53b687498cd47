"""Reads of forms before a camp: whether they take answers, their personal links, who answered."""

from collections.abc import Iterable
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
from contacts.selectors import present_groups
from contacts.selectors.camps import camps_of_groups
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


@dataclass(frozen=True)
class CampResponse:
    """One camp's figures: of its groups that were asked, each person once."""

    camp_id: int
    name: str
    groups: int
    asked: int
    opened: int
    answered: int

    @property
    def rate(self) -> float | None:
        return self.answered / self.asked if self.asked else None


def camp_responses(*, survey: Survey) -> list[CampResponse]:
    """Each camp with a group that was asked, the newest first. Two queries for any number."""
    rows = {row["group_id"]: row for row in survey_responses(survey=survey) if row["group_id"]}
    found = []
    for camp_id, name, groups in camps_of_groups(tenant_id=survey.tenant_id, group_ids=list(rows)):
        here = [rows[one] for one in groups if one in rows]
        told = {part: sum(row[part] for row in here) for part in ("asked", "opened", "answered")}
        found.append(CampResponse(camp_id, name, len(here), **told))
    return found


def as_response(row: dict[str, Any]) -> Response:
    """One of `survey_responses`."""
    return Response((row["group_id"], row["group__name"]), row["asked"], row["opened"], row["answered"])


@dataclass(frozen=True)
class Unasked:
    """A form that was sent to a group, and who sits there and was not asked."""

    survey: Survey
    group_id: int
    group_name: str
    people: list[int]


def newcomers_unasked(*, tenant_id: int, customer_ids: Iterable[int]) -> list[Unasked]:
    """Of these people who sits in a group that a form was sent to and was not asked: a form once a person, by its
    first group. Only forms that are not closed by hand. Four queries at most, one where no form is out."""
    asked = SurveyLink.objects.filter(tenant_id=tenant_id, survey__closed_at=None, group__isnull=False)
    pairs = list(asked.order_by("survey_id", "group_id").values_list("survey_id", "group_id").distinct())
    if not pairs:
        return []
    sitting = present_groups(tenant_id=tenant_id, customer_ids=sorted(set(customer_ids)))
    names = {group.pk: group.name for groups in sitting.values() for group in groups}
    forms = Survey.objects.select_related("tenant").in_bulk({form for form, group in pairs if group in names})
    known = set(asked.filter(customer_id__in=sitting).values_list("survey_id", "customer_id"))
    found = []
    for form, group_id in pairs:
        people = [
            who
            for who, groups in sitting.items()
            if (form, who) not in known and any(one.pk == group_id for one in groups)
        ]
        known |= {(form, who) for who in people}
        if people:
            found.append(Unasked(forms[form], group_id, names[group_id], people))
    return found


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
