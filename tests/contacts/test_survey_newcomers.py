"""Whoever comes to a group that was sent a form is asked, too; how camps answered; questions for newcomers (R29)."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from contacts.events import FollowChanged
from contacts.models import Customer, Follow, SurveyLink
from contacts.services.surveys import survey_close
from groups.events import MemberJoined
from outbox.registry import handlers_of
from sop.models import RunGroup
from team.models import WorkItem
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_surveys import Camp, camp
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_customers, make_follow
from tests.factories.groups import make_group, make_member
from tests.factories.sop import make_run, make_version

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
__all__ = ["camp"]


def tell(event: Any) -> None:
    """The handlers of contacts that the wiring names for an event; twice, as a queue may."""
    paths = [one for one in handlers_of(event.name) if one.startswith("contacts.")]
    for path in paths * 2:
        import_string(path)(tenant_id=event.tenant_id, events=[event])


def join(made: Camp, group: Any, *people: Customer) -> None:
    for person in people:
        make_member(group=group, customer=person)
    tell(
        MemberJoined(
            tenant_id=made.tenant.pk, occurred_at=clock.now(), group_id=group.pk, staff_ids=[],
            customer_ids=[one.pk for one in people], joined_at=clock.now(),
        )
    )  # fmt: skip


def befriend(made: Camp, person: Customer) -> None:
    Follow.objects.filter(customer=person).delete()
    make_follow(tenant=made.tenant, customer=person, staff=made.staff)
    tell(
        FollowChanged(
            tenant_id=made.tenant.pk, occurred_at=clock.now(), customer_id=person.pk, staff_id=made.staff.pk,
            state="full", state_code="",
        )
    )  # fmt: skip


def asked() -> dict[str, tuple[int | None, str]]:
    """{who: (whose task, its title)} of every task of a form."""
    names = dict(SurveyLink.objects.values_list("pk", "customer__name"))
    items = WorkItem.objects.filter(source_kind="contacts.survey", state="open")
    return {names[one.source_id]: (one.staff_id, one.title) for one in items}


def test_who_comes_later_is_asked_once_by_a_friend_or_when_there_is_one(
    camp: Camp, frozen: MovableClock
) -> None:
    frozen.move(hours=3)
    with tenant_scope(camp.tenant):
        friend = make_customer(tenant=camp.tenant, name="周女士")
        make_follow(tenant=camp.tenant, customer=friend, staff=camp.staff)
        alone = make_customer(tenant=camp.tenant, name="吴先生")
        join(camp, camp.group, friend, alone)
        first = asked()
        assert (
            first["周女士"] == (camp.staff.pk, "给 周女士 发送问卷 入营问卷")
            or "周女士" in first["周女士"][1]
        )
        assert set(first) == {"刘女士", "陈先生", "周女士"}
        frozen.move(hours=1)
        befriend(camp, alone)
        assert set(asked()) == {"刘女士", "陈先生", "周女士", "吴先生"}
        assert asked()["周女士"] == first["周女士"]
        assert SurveyLink.objects.filter(reminded_at__isnull=False).count() == 0
        link = SurveyLink.objects.get(customer=alone)
        assert (link.group_id, link.asked_at) == (camp.group.pk, frozen.moment)


def test_nobody_is_asked_elsewhere_after_the_form_is_closed_or_a_second_time(
    camp: Camp, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(camp.tenant):
        other = make_group(tenant=camp.tenant)
        here, there, late = make_customers(tenant=camp.tenant, count=3)
        for one in (here, there, late):
            make_follow(tenant=camp.tenant, customer=one, staff=camp.staff)
        join(camp, other, there)
        assert not SurveyLink.objects.filter(customer=there).exists()
        join(camp, camp.group, here)
        WorkItem.objects.filter(source_kind="contacts.survey").update(state="done")
        before = SurveyLink.objects.values_list("expires_at", "reminded_at").get(customer=here)
        frozen.move(days=1)
        join(camp, other, here)
        befriend(camp, here)
        assert asked() == {}
        assert SurveyLink.objects.values_list("expires_at", "reminded_at").get(customer=here) == before
        survey_close(tenant=camp.tenant, survey_id=camp.survey.pk, is_closed=True, actor=owner)
        join(camp, camp.group, late)
        assert not SurveyLink.objects.filter(customer=late).exists()
        survey_close(tenant=camp.tenant, survey_id=camp.survey.pk, is_closed=False, actor=owner)
        camp.survey.refresh_from_db()
        camp.survey.last_day = clock.local_date(frozen.moment, camp.tenant.timezone)
        camp.survey.save()
        frozen.move(days=1)
        befriend(camp, late)
        assert not SurveyLink.objects.filter(customer=late).exists()


def test_many_newcomers_cost_no_more_statements(camp: Camp) -> None:
    def count(people: int) -> int:
        rows = make_customers(tenant=camp.tenant, count=people)
        for one in rows:
            make_follow(tenant=camp.tenant, customer=one, staff=camp.staff)
        with CaptureQueriesContext(connection) as seen:
            join(camp, camp.group, *rows)
        return len(seen) - people  # each seat is written by the test itself

    with tenant_scope(camp.tenant):
        assert count(2) == count(20)


def test_a_camp_says_how_its_groups_answered_together_and_opens_who(camp: Camp, frozen: MovableClock) -> None:
    User.objects.update(language="en")
    with tenant_scope(camp.tenant):
        second = make_group(tenant=camp.tenant)
        more, outside = make_customers(tenant=camp.tenant, count=2)
        apart = make_group(tenant=camp.tenant)
        for person, group in ((more, second), (outside, apart)):
            make_follow(tenant=camp.tenant, customer=person, staff=camp.staff)
            make_member(group=group, customer=person)
            SurveyLink.objects.create(
                tenant=camp.tenant, survey=camp.survey, customer=person, group=group, expires_at=frozen.moment
            )
        version = make_version(tenant=camp.tenant, steps=[{}])
        run = make_run(tenant=camp.tenant, version=version, groups=[camp.group, second], name="启蒙营6期")
        SurveyLink.objects.filter(customer=camp.one).update(answered_at=clock.now(), opened_at=clock.now())
    url = f"/t/{camp.tenant.slug}/customers/forms/{camp.survey.pk}/"
    page = body(sign_in(camp.tenant).get(url))
    told = page[page.index("Response by camp") :]
    row = re.sub(
        r"<[^>]+>", " ", told[told.index("启蒙营6期") : told.index("</tr>", told.index("启蒙营6期"))]
    )
    assert row.split() == ["启蒙营6期", "2", "3", "1", "1", "33.3%", "Who", "has", "not", "answered"]
    assert f"?camp={run.pk}&amp;state=missing" in told
    behind = body(sign_in(camp.tenant).get(f"{url}?camp={run.pk}&state=missing"))
    listed = behind[
        behind.index("<tbody", behind.index("q-tablebox", behind.index("Response by group") + 900)) :
    ]
    shown = [f"/customers/{one.pk}/" in listed for one in (camp.two, more, camp.one, outside)]
    assert shown == [True, True, False, False]
    with tenant_scope(camp.tenant):
        RunGroup.objects.filter(group=second).update(removed_at=clock.now())
    page = body(sign_in(camp.tenant).get(url))
    told = page[page.index("Response by camp") :]
    row = re.sub(
        r"<[^>]+>", " ", told[told.index("启蒙营6期") : told.index("</tr>", told.index("启蒙营6期"))]
    )
    assert row.split()[1:6] == ["1", "2", "1", "1", "50.0%"]


def test_a_form_begins_with_questions_that_find_out_what_newcomers_need(tenant: Tenant) -> None:
    User.objects.update(language="en")
    client = sign_in(tenant)
    new = f"/t/{tenant.slug}/customers/forms/new/"
    assert "?ready=intake" in body(client.get(new))
    begun = client.get(f"{new}?ready=intake")
    assert "Begin with the questions for newcomers" not in body(begun)
    form = begun.context["form"]
    told = {field.name: field.value() for field in form if field.value()}
    assert [told[f"field_{line}"] for line in (4, 5, 6)] == ["city", "occupation", "interests"]
    assert told["required_1"] is True
    saved = client.post(
        f"{new}?ready=intake", {key: value for key, value in told.items() if value is not False}
    )
    assert saved.status_code == 302
    page = body(client.get(saved["Location"]))
    assert told["label_1"] in page


def test_a_form_that_asks_how_it_was_is_not_for_who_has_just_come(camp: Camp) -> None:
    with tenant_scope(camp.tenant):
        camp.survey.questions = [
            {"key": "q1", "label": "打几分？", "kind": "single", "field": "survey:rating"}
        ]
        camp.survey.save()
        person = make_customer(tenant=camp.tenant)
        make_follow(tenant=camp.tenant, customer=person, staff=camp.staff)
        join(camp, camp.group, person)
        assert not SurveyLink.objects.filter(customer=person).exists()
        camp.survey.questions[0]["field"] = "survey:expectation"
        camp.survey.save()
        befriend(camp, person)
        assert SurveyLink.objects.filter(customer=person).exists()
