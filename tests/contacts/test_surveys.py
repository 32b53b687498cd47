"""Forms before a camp: asked by personal links, answered on the phone, nobody's profile filled by a stranger."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.enums import GroupQuestion
from contacts.errors import SurveyClosed, SurveyInvalid
from contacts.models import Behaviour, ProfileFact, Survey, SurveyAnswer, SurveyLink
from contacts.policies.surveys import Question, told_of
from contacts.selectors.surveys import link_url
from contacts.services.profile import profile_edit
from contacts.services.surveys import answer_decide, survey_answer, survey_ask, survey_close, survey_save
from content.views import visitors
from groups.enums import Survey as Asked
from groups.models import Group
from groups.policies.surveys import survey_of
from groups.selectors.results import results_of
from team.models import WorkItem
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_follow
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from wecom.selectors import Identity

WECHAT = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.40"
QUESTIONS = [
    Question("q1", "您在哪个城市？", "city", "city", required=True),
    Question("q2", "性别", "text", "gender"),
    Question("q3", "出生年份", "number", "birth_year"),
    Question("q4", "想学什么？", "multi", options=("听力", "口语", "阅读")),
]
ANSWERS = {"q1": "杭州", "q2": "female", "q3": "1992", "q4": ["听力", "口语"]}

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class Camp:
    """A form that two members of a group were asked to answer; a third is nobody's friend."""

    def __init__(self, tenant: Tenant, owner: Actor) -> None:
        self.tenant, self.owner = tenant, owner
        self.one = make_customer(tenant=tenant, external_userid="wmone00001", name="刘女士")
        self.two = make_customer(tenant=tenant, external_userid="wmtwo00001", name="陈先生")
        stranger = make_customer(tenant=tenant, name="路人")
        self.group = make_group(tenant=tenant)
        self.staff = make_staff(tenant=tenant, name="何静")
        for person in (self.one, self.two):
            make_follow(tenant=tenant, customer=person, staff=self.staff)
        for person in (self.one, self.two, stranger):
            make_member(group=self.group, customer=person)
        self.survey = survey_save(
            tenant=tenant, survey_id=None, title="入营问卷", intro="一分钟", thanks="周一见", questions=QUESTIONS,
            last_day=None, actor=owner,
        )  # fmt: skip
        self.asked = self.ask()

    def ask(self) -> Any:
        return survey_ask(
            tenant=self.tenant,
            survey_id=self.survey.pk,
            group_id=self.group.pk,
            group_name="3班",
            actor=self.owner,
        )

    def path(self, person: Any) -> str:
        with tenant_scope(self.tenant):
            return urlsplit(link_url(SurveyLink.objects.get(customer=person))).path

    def facts(self) -> set[tuple[int, str, str, str]]:
        with tenant_scope(self.tenant):
            return set(ProfileFact.objects.values_list("customer_id", "field", "value", "source"))


@pytest.fixture
def camp(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Camp:
    with tenant_scope(tenant):
        return Camp(tenant, owner)


def visitor(monkeypatch: pytest.MonkeyPatch, path: str, who: Identity | None) -> Client:
    """A browser inside WeChat that has been through the silent sign-in for this form."""
    monkeypatch.setattr(visitors, "oauth_identity", lambda app, code: who or Identity())
    client = Client(headers={"user-agent": WECHAT, "accept-language": "en"})
    asked = client.get(path)
    state = parse_qs(urlsplit(asked["Location"]).query)["state"][0]
    assert len(state) <= 128
    assert client.get("/r/oauth", {"code": "x", "state": state})["Location"] == path
    return client


def test_asking_a_group_gives_staff_a_task_with_each_friends_own_link(camp: Camp) -> None:
    assert (camp.asked.tasks, camp.asked.strangers) == (2, 1)
    with tenant_scope(camp.tenant):
        items = WorkItem.objects.filter(source_kind="contacts.survey", state="open")
        scripts = {item.script for item in items}
        assert {item.staff_id for item in items} == {camp.staff.pk}
    assert {any(camp.path(one) in script for script in scripts) for one in (camp.one, camp.two)} == {True}
    assert camp.path(camp.one) != camp.path(camp.two)


def test_the_person_asked_answers_into_the_profile_once(camp: Camp, monkeypatch: pytest.MonkeyPatch) -> None:
    path = camp.path(camp.one)
    client = visitor(monkeypatch, path, Identity(external_userid="wmone00001"))
    page = body(client.get(path))
    assert all(
        word in page
        for word in ("入营问卷", "您在哪个城市？", "听力", camp.tenant.brand, "csrfmiddlewaretoken")
    )
    assert "刘女士" not in page
    assert "周一见" in body(client.post(path, ANSWERS))
    assert client.post(path, {**ANSWERS, "q1": "成都"}).status_code == 409
    assert "周一见" in body(client.get(path))
    assert camp.facts() == {
        (camp.one.pk, "city", "杭州", "form"),
        (camp.one.pk, "gender", "female", "form"),
        (camp.one.pk, "birth_year", "1992", "form"),
    }
    with tenant_scope(camp.tenant):
        did = Behaviour.objects.get(kind="form")
        assert (did.customer_id, did.group_id, did.object_title) == (camp.one.pk, camp.group.pk, "入营问卷")
        states = dict(WorkItem.objects.values_list("source_id", "state"))
        done = SurveyLink.objects.get(customer=camp.one)
        assert states[done.pk] == "done"
        assert done.opened_at is not None
        assert camp.ask().tasks == 1


FOR_THE_GROUP = [
    Question("q1", "您对这个群期望几分？", "text", GroupQuestion.EXPECTATION, required=True),
    Question("q2", "这周有收获吗？", "multi", GroupQuestion.GAIN, options=("有", "没有")),
    Question("q3", "想说点什么？", "number", GroupQuestion.FEEDBACK),
    Question("q4", "结营打几分？", "single", GroupQuestion.RATING),
]


def test_answers_that_count_for_the_group_stand_in_its_results(
    camp: Camp, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(camp.tenant):
        survey_save(
            tenant=camp.tenant, survey_id=camp.survey.pk, title="本周小调查", intro="", thanks="谢谢",
            questions=FOR_THE_GROUP, last_day=None, actor=owner,
        )  # fmt: skip
    path = camp.path(camp.one)
    client = visitor(monkeypatch, path, Identity(external_userid="wmone00001"))
    page = body(client.get(path))
    assert page.count('type="radio"') == 15  # three scales from one to five
    assert client.post(path, {"q1": "9"}).status_code == 422
    assert "谢谢" in body(client.post(path, {"q1": "3", "q2": "5", "q3": "老师很耐心"}))
    with tenant_scope(camp.tenant):
        told = Behaviour.objects.exclude(object_id=str(camp.survey.pk)).order_by("object_id")
        assert [(one.object_id, one.data.get("value"), one.text) for one in told] == [
            ("survey:expectation", 3, ""), ("survey:feedback", None, "老师很耐心"), ("survey:gain", 5, ""),
        ]  # fmt: skip
        assert {(one.customer_id, one.group_id) for one in told} == {(camp.one.pk, camp.group.pk)}
        Group.objects.filter(pk=camp.group.pk).update(kind="delivery", sub_kind="learning")
        found = {one.key: one.people for one in results_of(group=Group.objects.get(pk=camp.group.pk))}
    assert (found["expected"], found["gained"], found["rated"]) == ({camp.one.pk}, {camp.one.pk}, None)
    assert camp.facts() == set()  # nothing of it is a profile


def test_every_question_for_a_group_is_one_that_its_results_know() -> None:
    of_groups = set(GroupQuestion.values) - {GroupQuestion.SERVICE}  # that one tells of colleagues
    assert {survey_of(one) for one in of_groups} == set(Asked.values) - {Asked.ASSESSMENT}
    assert not survey_of(GroupQuestion.SERVICE)


def test_a_forwarded_link_fills_the_profile_of_whoever_answers(
    camp: Camp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = camp.path(camp.one)
    client = visitor(monkeypatch, path, Identity(external_userid="wmtwo00001"))
    assert client.post(path, {"q1": "成都"}).status_code == 200
    assert camp.facts() == {(camp.two.pk, "city", "成都", "form")}
    with tenant_scope(camp.tenant):
        assert SurveyLink.objects.get(customer=camp.one).answered_at is None


def test_a_visitor_whom_nobody_named_fills_no_profile_until_staff_decide(camp: Camp, owner: Actor) -> None:
    path = camp.path(camp.one)
    browser = Client(headers={"user-agent": "Mozilla/5.0 Firefox", "accept-language": "en"})
    assert browser.post(path, {"q1": "成都"}).status_code == 200
    assert browser.post(path, {"q1": "重庆"}).status_code == 200
    assert camp.facts() == set()
    page = body(sign_in(camp.tenant).get(f"/t/{camp.tenant.slug}/customers/forms/{camp.survey.pk}/"))
    assert all(word in page for word in ("Who answered?", "成都", "重庆", "刘女士"))
    with tenant_scope(camp.tenant):
        first, second = SurveyAnswer.objects.order_by("pk")
        answer_decide(tenant=camp.tenant, answer_id=first.pk, is_theirs=False, actor=owner)
        for _ in range(2):
            answer_decide(tenant=camp.tenant, answer_id=second.pk, is_theirs=True, actor=owner)
    assert camp.facts() == {(camp.one.pk, "city", "重庆", "form")}
    assert browser.post(path, {"q1": "北京"}).status_code == 409


def test_answers_contradict_but_never_replace_what_staff_settled(
    camp: Camp, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(camp.tenant):
        profile_edit(tenant=camp.tenant, customer_id=camp.one.pk, values={"city": "上海"}, actor=owner)
    frozen.move(minutes=5)
    path = camp.path(camp.one)
    visitor(monkeypatch, path, Identity(external_userid="wmone00001")).post(path, {"q1": "杭州"})
    page = body(sign_in(camp.tenant).get(f"/t/{camp.tenant.slug}/customers/{camp.one.pk}/"))
    assert "says otherwise" in page
    assert camp.facts() >= {(camp.one.pk, "city", "上海", "staff"), (camp.one.pk, "city", "杭州", "form")}


def test_staff_see_the_form_and_nothing_of_theirs_is_kept(
    camp: Camp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = camp.path(camp.one)
    client = visitor(monkeypatch, path, Identity(userid="HeJing"))
    assert "You are staff" in body(client.get(path))
    assert client.post(path, {"q1": "杭州"}).status_code == 200
    with tenant_scope(camp.tenant):
        assert not SurveyAnswer.objects.exists()
        assert SurveyLink.objects.get(customer=camp.one).opened_at is None


def test_forged_closed_and_late_links_are_clear_pages(camp: Camp, owner: Actor, frozen: MovableClock) -> None:
    path = camp.path(camp.one)
    browser = Client(headers={"user-agent": "Mozilla/5.0 Firefox", "accept-language": "en"})
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert browser.get(forged).status_code == 404
    assert browser.post(forged, {"q1": "x"}).status_code == 404
    with tenant_scope(camp.tenant):
        survey_close(tenant=camp.tenant, survey_id=camp.survey.pk, is_closed=True, actor=owner)
    assert "This form is closed" in body(browser.get(path), 410)
    with tenant_scope(camp.tenant):
        survey_close(tenant=camp.tenant, survey_id=camp.survey.pk, is_closed=False, actor=owner)
    frozen.move(days=31)
    assert "This link has ended" in body(browser.get(path), 410)
    assert browser.post(path, {"q1": "x"}).status_code == 410


def test_what_does_not_fit_is_marked_and_floods_are_stopped(camp: Camp) -> None:
    path = camp.path(camp.one)
    browser = Client(headers={"user-agent": "Mozilla/5.0 Firefox", "accept-language": "en"})
    page = body(browser.post(path, {"q2": "martian", "q3": "1492", "q4": ["飞行"]}), 422)
    assert page.count("invalid-feedback") == 4
    assert browser.post(path, {"q1": "x" * 70_000}).status_code == 413
    for _ in range(20):
        last = browser.get(path)
    assert last.status_code == 429
    assert browser.get(camp.path(camp.two)).status_code == 200  # by the same proxy, with a link of her own
    strict = Client(enforce_csrf_checks=True, headers={"user-agent": "Mozilla/5.0 Firefox"})
    assert strict.post(path, {"q1": "杭州"}).status_code == 403


def test_a_form_is_built_changed_and_shown_with_its_figures(
    camp: Camp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = camp.path(camp.one)
    visitor(monkeypatch, path, Identity(external_userid="wmone00001")).post(path, ANSWERS)
    client, home = sign_in(camp.tenant), f"/t/{camp.tenant.slug}/customers/forms/"
    assert all(word in body(client.get(home)) for word in ("入营问卷", "50.0%"))
    url = f"{home}{camp.survey.pk}/"
    missing = body(client.get(f"{url}?state=missing&group={camp.group.pk}", headers={"HX-Request": "true"}))
    assert "陈先生" in missing
    assert "刘女士" not in missing
    assert "听力, 口语" in body(client.get(f"{url}?state=answered"))
    sent = {"title": "第二份", "label_1": "城市", "kind_1": "city", "field_1": "city", "required_1": "on"}
    made = client.post(f"{home}new/", sent)
    assert made.status_code == 302
    assert "城市" in body(client.get(f"{made.url}edit/"))
    bad = client.post(
        f"{home}new/", {"title": "坏", "label_1": "选一个", "kind_1": "single", "options_1": "只有一个"}
    )
    assert "FORM-01" in body(bad, 409)
    asked = client.post(f"{made.url}ask/", {"group": camp.group.pk}, headers={"HX-Request": "true"})
    assert asked.status_code == 204
    with tenant_scope(camp.tenant):
        assert Survey.objects.get(title="第二份").links.count() == 2


@pytest.mark.parametrize(
    "questions",
    [
        [],
        [Question("q1", "")],
        [Question("q1", "a"), Question("q2", "a")],
        [Question("q1", "a", field="city"), Question("q2", "b", field="city")],
        [Question("q1", "a", kind="single", options=("x", "x"))],
        [Question(f"q{n}", str(n)) for n in range(13)],
    ],
)
def test_a_form_that_asks_nothing_sensible_is_refused(
    tenant: Tenant, owner: Actor, questions: list[Question]
) -> None:
    with tenant_scope(tenant), pytest.raises(SurveyInvalid):
        survey_save(
            tenant=tenant, survey_id=None, title="x", intro="", thanks="", questions=questions, last_day=None,
            actor=owner,
        )  # fmt: skip


def test_many_groups_and_answers_stand_on_pages_and_cost_no_more_statements(
    camp: Camp, tenant: Tenant
) -> None:
    client, url = sign_in(tenant), f"/t/{tenant.slug}/customers/forms/{camp.survey.pk}/"

    def visits(numbers: range) -> str:
        """A visitor of each number, asked for a group of theirs; the page then."""
        with tenant_scope(tenant):
            for number in numbers:
                link = SurveyLink.objects.create(
                    tenant=tenant, survey=camp.survey, staff=camp.staff, expires_at=clock.now() + timedelta(days=9),
                    customer=make_customer(tenant=tenant, name=f"来访{number:02}"),
                    group=make_group(tenant=tenant, name=f"第{number:02}班"),
                )  # fmt: skip
                SurveyAnswer.objects.create(
                    tenant=tenant, survey=camp.survey, link=link, state="waiting", answers=[]
                )
        return body(client.get(url))

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        return len(seen)

    assert "waiting_page=2" not in visits(range(2))
    few = cost()
    page = visits(range(2, 25))
    assert cost() == few <= 25
    assert ("来访19:" in page, "来访20:" in page, "waiting_page=2" in page) == (True, False, True)
    rest = body(client.get(f"{url}?waiting_page=2&groups_page=2"))
    assert ("来访20:" in rest, "来访19:" in rest) == (True, False)
    assert (">第24班</a>" in rest, ">第00班</a>" in rest) == (True, False)


def test_an_answer_that_comes_after_the_links_end_counts_for_nobody(camp: Camp, frozen: MovableClock) -> None:
    with tenant_scope(camp.tenant):
        link = SurveyLink.objects.select_related("survey").get(customer=camp.one)
        frozen.move(seconds=(link.expires_at - frozen.moment).total_seconds())
        with pytest.raises(SurveyClosed):
            survey_answer(
                tenant=camp.tenant, link=link, values={"q1": "杭州"}, app_id=None, external_userid=""
            )
        assert not SurveyAnswer.objects.exists()


def test_three_unnamed_answers_of_a_link_wait_and_a_fourth_is_refused(camp: Camp) -> None:
    path = camp.path(camp.one)
    browser = Client(headers={"user-agent": "Mozilla/5.0 Firefox", "accept-language": "en"})
    codes = [browser.post(path, {"q1": f"城市{number}"}).status_code for number in range(4)]
    assert codes == [200, 200, 200, 409]


@pytest.mark.parametrize(("said", "counts"), [("5", GroupQuestion.RATING), ("6", ""), ("", "")])
def test_only_a_number_of_the_scale_counts_for_the_group(said: str, counts: str) -> None:
    asked = Question("q1", "评分", "single", GroupQuestion.RATING)
    assert told_of(asked, said, this_year=2026).get("counts", "") == counts
