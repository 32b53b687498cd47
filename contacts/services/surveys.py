"""Forms before a camp (R29): made, sent through staff by personal links, answered, judged who answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from contacts.enums import SURVEY_DAYS, BehaviourKind, GroupQuestion, ProfileSource, SurveyAnswerState
from contacts.errors import SurveyAnswered, SurveyClosed, SurveyInvalid
from contacts.models import Survey, SurveyAnswer, SurveyLink
from contacts.policies.surveys import (
    Question,
    are_questions,
    asks_newcomers,
    normalised,
    questions_from,
    questions_to,
    told_of,
)
from contacts.selectors import customer_by_external, customer_names, follow_staff_ids, member_ids
from contacts.selectors.own_fields import own_specs
from contacts.selectors.surveys import is_open, link_url, link_words, newcomers_unasked
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.profile import Told, profile_told
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_items_close, work_items_put
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say

WORK = "contacts.survey"
SOURCE = "form"
MOST_WAITING = 3  # answers of unnamed visitors kept for one link


def survey_save(
    *,
    tenant: Tenant,
    survey_id: int | None,
    title: str,
    intro: str,
    thanks: str,
    questions: Sequence[Question],
    last_day: date | None,
    actor: Actor,
) -> Survey:
    """Make a form (`survey_id` None) or change it; answers given keep the words of their time.

    Raises SurveyInvalid, Survey.DoesNotExist, NotPermitted. A change is safe to repeat.
    """
    require(actor, Permission.OPERATE)
    own = own_specs(tenant_id=tenant.pk)
    fitting = [normalised(one, own) for one in questions]
    if not title.strip() or not are_questions(fitting, own):
        raise SurveyInvalid
    with transaction.atomic():
        if survey_id is None:
            row = Survey(tenant=tenant, created_at=clock.now(), created_by=actor.name[:128])
        else:
            row = Survey.objects.select_for_update(no_key=True).get(tenant=tenant, pk=survey_id)
        row.title, row.intro, row.thanks = title.strip(), intro.strip(), thanks.strip()
        row.questions, row.last_day = questions_to(fitting), last_day
        row.save()
        verb = "contacts.survey.made" if survey_id is None else "contacts.survey.changed"
        audit.record(
            tenant=tenant, actor=actor, verb=verb, target=row, changes={"questions": [None, len(fitting)]}
        )
    return row


def survey_close(*, tenant: Tenant, survey_id: int, is_closed: bool, actor: Actor) -> Survey:
    """Take no more answers, or take them again. Raises Survey.DoesNotExist, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = Survey.objects.select_for_update(no_key=True).get(tenant=tenant, pk=survey_id)
        if bool(row.closed_at) != is_closed:
            row.closed_at = clock.now() if is_closed else None
            row.save(update_fields=["closed_at"])
            verb = "contacts.survey.closed" if is_closed else "contacts.survey.opened"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
            if is_closed:
                _tasks_close(
                    tenant.pk, SurveyLink.objects.filter(tenant=tenant, survey=row), WorkState.CANCELLED
                )
    return row


def _tasks_close(tenant_id: int, links: Iterable[SurveyLink], state: str = WorkState.DONE) -> None:
    work_items_close(tenant_id=tenant_id, source_kind=WORK, source_ids=[one.pk for one in links], state=state)


@dataclass(frozen=True)
class Asked:
    """What became of asking a group: tasks for staff, and people who are nobody's friend."""

    tasks: int
    strangers: int


def survey_ask(*, tenant: Tenant, survey_id: int, group_id: int, group_name: str, actor: Actor) -> Asked:
    """Give staff a task for each friend in a group who has not answered: the words with the personal link.

    Asked again, it reminds those who have not answered, and asks those who joined since; a link keeps its address
    and works anew. Raises SurveyClosed, Survey.DoesNotExist, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        survey = Survey.objects.select_for_update(no_key=True).get(tenant=tenant, pk=survey_id)
        now = clock.now()
        if not is_open(survey, now=now, zone=tenant.timezone):
            raise SurveyClosed
        people = member_ids(tenant_id=tenant.pk, group_id=group_id)
        staff = follow_staff_ids(tenant_id=tenant.pk, customer_ids=people)
        links = _links(tenant, survey, group_id, {one: staff[one][0] for one in people if one in staff}, now)
        _tasks_put(tenant, survey, [one for one in links if one.answered_at is None], group_name)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.survey.asked",
            target=survey,
            changes={"group": [None, group_name], "people": [None, len(links)]},
        )
    return Asked(sum(one.answered_at is None for one in links), len(set(people) - set(staff)))


def newcomers_ask(*, tenant_id: int, customer_ids: Iterable[int]) -> None:
    """Whoever comes to a group that was asked is asked, too, while the form takes answers: by who is their friend,
    and once there is one. Nobody is asked twice, or reminded; a form
    that asks how it was is for who was there. Safe to repeat."""
    now = clock.now()
    for one in newcomers_unasked(tenant_id=tenant_id, customer_ids=customer_ids):
        tenant = one.survey.tenant
        fits = asks_newcomers(questions_from(one.survey.questions))
        if not fits or not is_open(one.survey, now=now, zone=tenant.timezone):
            continue
        staff = follow_staff_ids(tenant_id=tenant_id, customer_ids=one.people)
        friends = {who: staff[who][0] for who in one.people if who in staff}
        if friends:
            with transaction.atomic():
                links = _links(tenant, one.survey, one.group_id, friends, now)
                fresh = [link for link in links if link.answered_at is None and link.reminded_at is None]
                _tasks_put(tenant, one.survey, fresh, one.group_name)


def _links(
    tenant: Tenant, survey: Survey, group_id: int, staff_of: Mapping[int, int], now: datetime
) -> list[SurveyLink]:
    until = now + timedelta(days=preferences.value(tenant.pk, SURVEY_DAYS))
    SurveyLink.objects.bulk_create(
        [
            SurveyLink(
                tenant=tenant,
                survey=survey,
                customer_id=one,
                group_id=group_id,
                asked_at=now,
                expires_at=until,
            )
            for one in sorted(staff_of)
        ],
        ignore_conflicts=True,
    )
    rows = SurveyLink.objects.select_for_update(no_key=True).filter(
        tenant=tenant, survey=survey, customer_id__in=list(staff_of)
    )
    links = list(rows.order_by("pk"))
    for row in links:
        row.staff_id = staff_of[row.customer_id]
        if row.answered_at is None:
            row.expires_at = until
            row.reminded_at = now if row.asked_at < now else None
    SurveyLink.objects.bulk_update(links, ["staff", "expires_at", "reminded_at"])
    return links


def _tasks_put(tenant: Tenant, survey: Survey, links: Sequence[SurveyLink], group_name: str) -> None:
    names = customer_names(tenant_id=tenant.pk, customer_ids=[one.customer_id for one in links])
    items = {}
    for link in links:
        who = names.get(link.customer_id) or say("a member without a name")
        told = {"form": survey.title, "who": who}
        items[link.pk] = {
            "staff_id": link.staff_id,
            "group_id": link.group_id,
            "kind": WorkKind.CHECK,
            "bucket": Bucket.REMIND,
            "title": (
                say("Remind %(who)s of the form %(form)s")
                if link.reminded_at
                else say("Send %(who)s the form %(form)s")
            )
            % told,
            "detail": group_name,
            "script": link_words(survey, link_url(link)),
            "script_source": survey.title,
            "reason": say("Has not answered. The link is this person's own: send it to nobody else."),
            "rule_code": "FORM-ASK",
            "url": f"/t/{tenant.slug}/customers/{link.customer_id}/",
            "window_ends_at": link.expires_at,
        }
    work_items_put(tenant_id=tenant.pk, source_kind=WORK, items=items)


def link_opened(*, link: SurveyLink) -> None:
    """The form was opened for the first time. Safe to repeat."""
    SurveyLink.objects.filter(tenant_id=link.tenant_id, pk=link.pk, opened_at=None).update(
        opened_at=clock.now()
    )


def survey_answer(
    *, tenant: Tenant, link: SurveyLink, values: Mapping[str, Any], app_id: int | None, external_userid: str
) -> SurveyAnswer:
    """Keep what a visitor answered: {question key: value}, already checked.

    `external_userid` is whom WeCom named, "" for nobody. Whoever is named answers for himself, also by a link that
    was sent to somebody else. Without a name the answers wait for staff and touch no profile.
    Raises SurveyClosed, SurveyAnswered. Sent twice, it counts once.
    """
    survey, now = link.survey, clock.now()
    if not is_open(survey, now=now, zone=tenant.timezone) or link.expires_at <= now:
        raise SurveyClosed
    person = None
    if external_userid and app_id is not None:
        person = customer_by_external(tenant_id=tenant.pk, app_id=app_id, external_userid=external_userid)
    year = clock.local_date(now, tenant.timezone).year
    own = own_specs(tenant_id=tenant.pk)
    told = [
        told_of(one, values.get(one.key), this_year=year, own=own) for one in questions_from(survey.questions)
    ]
    try:
        with transaction.atomic():
            locked = SurveyLink.objects.select_for_update(no_key=True).get(tenant=tenant, pk=link.pk)
            _refuse_twice(locked, person.pk if person else None)
            row = SurveyAnswer.objects.create(
                tenant=tenant,
                survey=survey,
                link=locked,
                customer_id=person.pk if person else None,
                state=SurveyAnswerState.TAKEN if person else SurveyAnswerState.WAITING,
                answers=told,
                answered_at=now,
            )
            if person:
                _count(tenant, row)
    except IntegrityError as error:
        raise SurveyAnswered from error
    return row


def _refuse_twice(link: SurveyLink, customer_id: int | None) -> None:
    if customer_id is None:
        waiting = SurveyAnswer.objects.filter(
            tenant_id=link.tenant_id, link=link, state=SurveyAnswerState.WAITING
        )
        if link.answered_at is not None or waiting.count() >= MOST_WAITING:
            raise SurveyAnswered
    elif SurveyAnswer.objects.filter(
        tenant_id=link.tenant_id, survey_id=link.survey_id, customer_id=customer_id
    ).exists():
        raise SurveyAnswered


def _count(tenant: Tenant, answer: SurveyAnswer) -> None:
    """An answer of a known person: into the profile, into the stream, and the task is done. In a transaction."""
    customer_id = answer.customer_id or 0
    profile_told(
        tenant_id=tenant.pk,
        source=ProfileSource.FORM,
        told=[
            Told(customer_id, one["field"], one["value"], answer.answered_at, answer.survey.title)
            for one in answer.answers
            if one["field"] and one["value"]
        ],
    )
    own = SurveyLink.objects.filter(tenant=tenant, survey=answer.survey, customer_id=customer_id).first()
    behaviour_record_many(
        tenant_id=tenant.pk,
        source=SOURCE,
        items=[
            BehaviourItem(
                event_id=f"{answer.survey_id}:{customer_id}",
                kind=BehaviourKind.FORM,
                occurred_at=answer.answered_at,
                customer_id=customer_id,
                group_id=own.group_id if own else None,
                object_kind="survey",
                object_id=str(answer.survey_id),
                object_title=answer.survey.title,
            ),
            *_for_the_group(answer, customer_id, own.group_id if own else None),
        ],
    )
    if own is not None:
        SurveyLink.objects.filter(tenant=tenant, pk=own.pk, answered_at=None).update(
            answered_at=answer.answered_at
        )
        _tasks_close(tenant.pk, [own])


def _for_the_group(answer: SurveyAnswer, customer_id: int, group_id: int | None) -> list[BehaviourItem]:
    """What the answers tell of the group that was asked: a number on the scale, or the person's own words."""
    return [
        BehaviourItem(
            event_id=f"{answer.survey_id}:{customer_id}:{one['key']}",
            kind=BehaviourKind.FORM,
            occurred_at=answer.answered_at,
            customer_id=customer_id,
            group_id=group_id,
            object_kind="survey",
            object_id=one["counts"],
            object_title=one["label"],
            **(
                {"text": one["value"]}
                if one["counts"] == GroupQuestion.FEEDBACK
                else {"data": {"value": int(one["value"])}}
            ),
        )
        for one in answer.answers
        if one.get("counts")
    ]


def answer_decide(*, tenant: Tenant, answer_id: int, is_theirs: bool, actor: Actor) -> SurveyAnswer:
    """Staff know who answered: the person asked, or somebody else. Raises SurveyAnswered, SurveyAnswer.DoesNotExist,
    NotPermitted. Safe to repeat."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        row = SurveyAnswer.objects.select_for_update(no_key=True).get(tenant=tenant, pk=answer_id)
        if row.state != SurveyAnswerState.WAITING:
            return row
        row.decided_by, row.decided_at = actor.name[:128], clock.now()
        row.state = SurveyAnswerState.CONFIRMED if is_theirs else SurveyAnswerState.DROPPED
        if is_theirs:
            link = SurveyLink.objects.select_for_update(no_key=True).get(tenant=tenant, pk=row.link_id)
            row.customer_id = link.customer_id
            others = SurveyAnswer.objects.filter(
                tenant=tenant, survey_id=row.survey_id, customer_id=row.customer_id
            )
            if others.exists():
                raise SurveyAnswered
        row.save(update_fields=["state", "customer", "decided_by", "decided_at"])
        verb = "contacts.survey.confirmed" if is_theirs else "contacts.survey.dropped"
        audit.record(
            tenant=tenant, actor=actor, verb=verb, target=row.survey, changes={"answer": [None, row.pk]}
        )
        if is_theirs:
            _count(tenant, row)
    return row
