"""Two at once on who is one person, on a file, and on a form."""

from threading import Event

import pytest

from contacts.errors import IdentityInvalid, ImportDone
from contacts.models import Customer, Survey, SurveyAnswer, SurveyLink
from contacts.policies.surveys import Question
from contacts.selectors import customer_count
from contacts.services import surveys
from contacts.services.identity import customers_merge
from contacts.services.sheets import sheet_check, sheet_start, sheet_upload
from contacts.services.surveys import survey_answer, survey_ask, survey_save
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customers, make_follow
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from tests.parallel import PATIENCE_S, in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]


def test_three_who_join_the_same_people_in_a_circle_make_one_person_and_no_circle(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=3)
    refused: list[int] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                customers_merge(
                    tenant=tenant,
                    goes_on_id=people[number].pk,
                    other_id=people[(number + 1) % 3].pk,
                    reason="同一个人",
                    actor=owner,
                )
            except IdentityInvalid:
                refused.append(number)

    in_parallel(3, work)
    with tenant_scope(tenant):
        root = Customer.objects.get(merged_into=None)
        assert set(Customer.objects.exclude(pk=root.pk).values_list("person_id", flat=True)) == {root.pk}
        assert customer_count(tenant_id=tenant.pk) == 1
    assert len(refused) == 1


def test_a_file_confirmed_in_two_tabs_is_started_once(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        make_customer(tenant=tenant)
        raw = b"external_userid,city\nwmfresh001,A\n"
        sheet = sheet_upload(tenant=tenant, kind="customers", name="a.csv", raw=raw, actor=owner)
        sheet_check(tenant=tenant, sheet_id=sheet.pk)
    refused: list[int] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                sheet_start(tenant=tenant, sheet_id=sheet.pk, actor=owner)
            except ImportDone:
                refused.append(number)

    in_parallel(4, work)
    assert len(refused) == 3
    with tenant_scope(tenant):
        assert AuditEntry.objects.filter(verb="contacts.sheet.started").count() == 1


def test_an_answer_does_not_lock_out_who_reminds_the_group_at_that_moment(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        person, group = make_customer(tenant=tenant), make_group(tenant=tenant)
        make_follow(tenant=tenant, customer=person, staff=make_staff(tenant=tenant))
        make_member(group=group, customer=person)
        survey = survey_save(
            tenant=tenant, survey_id=None, title="问卷", intro="", thanks="", questions=[Question("q1", "城市")],
            last_day=None, actor=owner,
        )  # fmt: skip
        who = {"tenant": tenant, "survey_id": survey.pk, "group_id": group.pk, "actor": owner}
        survey_ask(**who, group_name="3班")
        link = SurveyLink.objects.select_related("survey").get()
    has_form, has_link = Event(), Event()
    links, refuse = surveys._links, surveys._refuse_twice

    def asking(*args, **kwargs):
        has_form.set()
        assert has_link.wait(PATIENCE_S)
        return links(*args, **kwargs)

    def answering(*args, **kwargs):
        has_link.set()
        assert has_form.wait(PATIENCE_S)
        return refuse(*args, **kwargs)

    monkeypatch.setattr(surveys, "_links", asking)
    monkeypatch.setattr(surveys, "_refuse_twice", answering)

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number:
                survey_answer(
                    tenant=tenant, link=link, values={"q1": "杭州"}, app_id=None, external_userid=""
                )
            else:
                survey_ask(**who, group_name="3班")

    in_parallel(2, work)
    with tenant_scope(tenant):
        assert Survey.objects.count() == SurveyAnswer.objects.count() == 1
