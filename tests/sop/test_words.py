"""Sensitive words in SOPs: a version that holds a refused one is not published, a message that does is not sent."""

from collections.abc import Callable
from datetime import UTC, datetime, time

import pytest
from django.test import Client

from contacts.models import Exposure
from content.policies.sensitive import find
from content.selectors.sensitive import told, words_of
from content.services.sensitive import words_put
from sop.enums import TouchState
from sop.errors import ChecksFailed
from sop.models import Touch
from sop.selectors.findings import version_findings
from sop.selectors.words import words_judged
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.templates import version_publish
from team.models import WorkItem
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tests.conftest import MovableClock
from tests.factories.sop import make_version
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ACTOR = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)

Make = Callable[..., Camp]


def _sent(camp: Camp, frozen: MovableClock) -> list[Touch]:
    frozen.set(AT_10)
    plan_apply(tenant=camp.tenant, run=camp.run)
    dispatch_due(tenant_id=camp.tenant.pk)
    return list(Touch.objects.order_by("step__priority", "pk"))


def test_a_refused_word_stops_the_message_with_its_rule_and_counts_with_nobody(
    camp: Make, frozen: MovableClock
) -> None:
    steps = [{"at": time(10, 0), "text": "我们是国-家-级团队"}, {"at": time(10, 0), "text": "第一天打卡"}]
    stopped, fine = _sent(camp(steps=steps), frozen)
    assert (stopped.state, stopped.rule_code) == (TouchState.BLOCKED, "WORDS-01")
    assert "国-家-级" in stopped.reason
    assert fine.state == TouchState.HANDED
    assert set(Exposure.objects.values_list("touch_key", flat=True)) == {f"sop.touch:{fine.pk}"}
    assert WorkItem.objects.filter(source_kind="sop.blocked", source_id=stopped.pk).exists()


def test_a_word_put_on_the_list_after_planning_stops_what_was_planned(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "小班，一对一"}])
    plan_apply(tenant=made.tenant, run=made.run)
    words_put(tenant=made.tenant, words="一对一", does="refuse", hint="写清人数", actor=ACTOR)
    (touch,) = _sent(made, frozen)
    assert (touch.state, touch.rule_code) == (TouchState.BLOCKED, "WORDS-01")


def test_a_word_that_only_a_variable_brings_in_stops_the_message_too(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "{课程}今晚开讲"}], product_title="最佳启蒙课")
    (touch,) = _sent(made, frozen)
    assert (touch.state, touch.rule_code) == (TouchState.BLOCKED, "WORDS-01")


def test_a_risky_word_warns_and_is_sent(camp: Make, frozen: MovableClock) -> None:
    said = [{"at": time(10, 0), "text": "独家资料，真的独家"}, {"at": time(10, 0), "text": "资料"}]
    risky, plain = _sent(camp(steps=said), frozen)
    assert (risky.state, risky.warned) == (TouchState.HANDED, ["独家"])
    assert (plain.state, plain.warned) == (TouchState.HANDED, [])


def test_a_warning_stands_in_the_ledger_and_on_the_touch(
    camp: Make, frozen: MovableClock, client: Client
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "独家资料"}])
    (touch,) = _sent(made, frozen)
    client.force_login(User.objects.get(email="lin@example.com"))
    User.objects.update(language="en")
    ledger = client.get(f"/t/{made.tenant.slug}/sop/touches/").content.decode()
    assert "Careful: “独家”" in ledger
    drawer = client.get(f"/t/{made.tenant.slug}/sop/touches/{touch.pk}/").content.decode()
    assert "Went out with words to be careful with" in drawer


def test_a_version_with_a_refused_word_is_not_published_and_a_risky_one_is_only_said(scoped: Tenant) -> None:
    version = make_version(
        tenant=scoped, state="draft", published_at=None,
        steps=[{"title": "开场", "text": "独家"}, {"title": "收尾", "text": "保本"}],
    )  # fmt: skip
    found = {one.text: one.stops for one in version_findings(version) if one.code == "WORDS-01"}
    assert sorted(found.values()) == [False, True]
    with pytest.raises(ChecksFailed) as caught:
        version_publish(tenant=scoped, version_id=version.pk, actor=ACTOR)
    assert "WORDS-01" in [one.code for one in caught.value.failed]
    words_put(tenant=scoped, words="保本", does="off", hint="", actor=ACTOR)
    assert not [one for one in version_findings(version) if one.code == "WORDS-01" and one.stops]


@pytest.mark.parametrize("place", ["title", "description"])
def test_a_refused_word_on_a_card_that_comes_along_stops_the_message(
    camp: Make, frozen: MovableClock, place: str
) -> None:
    card = {
        "kind": "link",
        "title": "课表",
        "url": "https://shop.example.com/3",
        "description": "三节",
        place: "保本班",
    }
    (touch,) = _sent(camp(steps=[{"at": time(10, 0), "text": "看课表", "attachments": [card]}]), frozen)
    assert (touch.state, touch.rule_code) == (TouchState.BLOCKED, "WORDS-01")


def test_words_of_a_conversation_are_its_own(camp: Make, frozen: MovableClock) -> None:
    step = {"at": time(10, 0), "text": "今天打卡", "talk_text": "报名稳赚不赔，考虑下？"}
    made = camp(steps=[step])
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    touch = Touch.objects.select_related("step", "run", "group", "staff").get()
    assert words_judged(tenant=made.tenant, touches=[touch])[touch.pk].rule == ""
    touch.is_talk = True
    assert words_judged(tenant=made.tenant, touches=[touch])[touch.pk].rule == "WORDS-01"


def test_words_of_a_conversation_keep_a_version_from_being_published(scoped: Tenant) -> None:
    version = make_version(
        tenant=scoped,
        state="draft",
        published_at=None,
        steps=[{"text": "打卡", "talk_for": "interacted", "talk_text": "保本，放心"}],
    )
    found = [one for one in version_findings(version) if one.code == "WORDS-01"]
    assert [("保本" in str(one.text), one.stops) for one in found] == [(True, True)]


def test_what_stops_is_said_before_what_only_warns(scoped: Tenant) -> None:
    said = told(find("独家资料，保本，第一", words_of(scoped)))
    assert [one.stops for one in said] == sorted((one.stops for one in said), reverse=True)
    assert (said[0].found, said[0].stops, said[-1].stops) == ("保本", True, False)


def test_words_are_split_at_every_mark_people_put_between(scoped: Tenant) -> None:
    rows = words_put(
        tenant=scoped,
        words="甲词，乙词、丙词;丁词；戊词,己词\t庚词\r\n辛词",
        does="refuse",
        hint="",
        actor=ACTOR,
    )
    assert len(rows) == 8
