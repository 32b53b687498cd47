"""Introductions: read from messages, reminded by name, offered to the profile and never written by themselves (R20)."""

from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from contacts.models import ProfileFact
from groups.enums import IntroState, OfferState
from groups.models import Introduction, IntroRule
from groups.policies.intros import fields_told, is_introduction, nickname_fits
from groups.services.intros import (
    intro_mark,
    intro_offer_settle,
    intro_remind,
    intro_rule_set,
    intros_hear,
    intros_night,
)
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from wecom.models import ArchivedMessage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
TEMPLATE = "城市：\n年龄：\n职业：\n兴趣："
SAID = "大家好\n1. 城市：苏州\n2、年龄: 34岁\n职业：老师\n孩子年龄：5"


@pytest.fixture
def scene(tenant):
    with tenant_scope(tenant):
        owner = make_staff(tenant=tenant)
        group = make_group(tenant=tenant, owner=owner, state="active")
        people = make_customers(tenant=tenant, count=3)
        for number, one in enumerate(people):
            nickname = "苏州-林-老师" if number == 0 else "小林"
            make_member(group=group, customer=one, nickname=nickname)
        make_member(group=group, staff=owner)
        intro_rule_set(
            tenant=tenant,
            group_id=group.pk,
            template=TEMPLATE,
            pattern="城市-名字-职业",
            is_on=True,
            actor=SYSTEM,
        )
        yield {"tenant": tenant, "group": group, "people": people, "owner": owner}


def say(scene, who, words, number=1):
    row = ArchivedMessage.objects.create(
        tenant=scene["tenant"], app=scene["group"].app, msgid=f"m{number}", seq=number, action="send",
        msgtype="text", sender_id=who, room_id=scene["group"].chat_id, sent_at=clock.now(),
        content={"content": words},
    )  # fmt: skip
    return intros_hear(tenant_id=scene["tenant"].pk, app_id=scene["group"].app_id, message_ids=[row.pk])


def test_labelled_lines_tell_fields_and_a_childs_age_does_not():
    assert fields_told(SAID, this_year=2026) == {"city": "苏州", "birth_year": "1992", "occupation": "老师"}
    assert fields_told("年龄：90后\n城市：", this_year=2026) == {}


@given(st.text(max_size=200))
def test_any_words_tell_only_what_a_profile_can_hold(words):
    for field, value in fields_told(words, this_year=2026).items():
        assert value
        assert value == value.strip()
        assert len(value) <= 200
        assert field != "birth_year" or 1926 <= int(value) <= 2026


@given(
    st.lists(st.text("abc林苏州", min_size=1, max_size=4), min_size=1, max_size=5), st.sampled_from("-_·|/ ")
)
def test_a_nickname_made_like_the_pattern_fits(parts, mark):
    assert nickname_fits(mark.join(parts), "-".join("x" * len(parts)))
    assert not nickname_fits(mark.join(parts), "-".join("x" * (len(parts) + 1)))


def test_half_of_the_lines_make_an_introduction():
    assert is_introduction(SAID, TEMPLATE)
    assert not is_introduction("城市：苏州", TEMPLATE)
    assert not is_introduction("大家好", "请介绍自己")
    assert is_introduction("大家好，我是苏州的小林，做老师", "请介绍自己")


def test_a_message_settles_its_sender_and_only_offers_the_fields(scene):
    who = scene["people"][0]
    assert say(scene, who.external_userid, "在吗") == 0
    assert say(scene, who.external_userid, SAID, 2) == 1
    assert say(scene, who.external_userid, SAID, 3) == 0
    assert say(scene, scene["owner"].userid, SAID, 4) == 0
    row = Introduction.objects.get()
    assert (row.state, row.seen, row.offer_state) == ("done", "message", "open")
    assert not ProfileFact.objects.exists()
    intro_offer_settle(
        tenant=scene["tenant"], group_id=scene["group"].pk, userid=row.userid, fields=["city"], actor=SYSTEM
    )
    assert list(ProfileFact.objects.values_list("field", "value", "source")) == [("city", "苏州", "staff")]
    row.refresh_from_db()
    assert row.offer_state == OfferState.TAKEN


def test_nothing_is_heard_where_nobody_asks(scene):
    IntroRule.objects.update(is_on=False)
    assert say(scene, scene["people"][0].external_userid, SAID) == 0


def test_a_reminder_names_the_missing_and_counts_once_it_was_sent(scene):
    intro_mark(
        tenant=scene["tenant"], group_id=scene["group"].pk, userid=scene["people"][0].external_userid,
        is_done=True, actor=SYSTEM,
    )  # fmt: skip
    assert intro_remind(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM) == 2
    item = WorkItem.objects.get(source_kind="groups.intro_reminder")
    assert item.staff_id == scene["owner"].pk
    assert all(f"@{one}" in item.script for one in scene["people"][1:])
    assert f"@{scene['people'][0]} " not in item.script
    assert not Introduction.objects.filter(state=IntroState.REMINDED).exists()
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="done", actor=SYSTEM)
    assert Introduction.objects.filter(state=IntroState.REMINDED).count() == 2
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="undo", actor=SYSTEM)
    assert not Introduction.objects.filter(state=IntroState.REMINDED).exists()


def test_the_daily_look_reminds_of_those_who_joined_long_enough_ago(scene):
    fresh = make_customers(tenant=scene["tenant"], count=1)[0]
    make_member(group=scene["group"], customer=fresh, joined_at=clock.now() - timedelta(hours=23))
    assert intros_night(tenant_id=scene["tenant"].pk) == 3
    item = WorkItem.objects.get(source_kind="groups.intro_reminder")
    assert f"@{fresh}" not in item.script.split()


def test_a_reminder_that_waits_names_only_who_is_missing_still_and_goes_with_the_last(scene):
    intro_remind(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM)
    first, *others = scene["people"]
    say(scene, first.external_userid, SAID)
    for _twice in range(2):
        intros_night(tenant_id=scene["tenant"].pk)
    item = WorkItem.objects.get(source_kind="groups.intro_reminder")
    assert f"@{first}" not in item.script.split()
    assert all(f"@{one}" in item.script for one in others)
    for number, one in enumerate(others):
        say(scene, one.external_userid, SAID, number + 2)
    assert intros_night(tenant_id=scene["tenant"].pk) == 0
    item.refresh_from_db()
    assert item.state == "done"


def test_a_reminder_that_went_out_can_be_taken_back_after_the_night(scene):
    intro_remind(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM)
    item = WorkItem.objects.get(source_kind="groups.intro_reminder")
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="done", actor=SYSTEM)
    assert intros_night(tenant_id=scene["tenant"].pk) == 0
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="undo", actor=SYSTEM)
    assert not Introduction.objects.filter(state=IntroState.REMINDED).exists()


def test_the_record_names_what_a_rule_asks_and_whether_it_is_on(scene):
    told = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "template": TEMPLATE, "actor": SYSTEM}
    intro_rule_set(**told, pattern="城市-名字", is_on=False)
    entry = AuditEntry.objects.filter(verb="groups.intro.rule_set").latest("pk")
    assert entry.changes == {"pattern": ["城市-名字-职业", "城市-名字"], "is_on": [True, False]}


def test_the_page_counts_marks_and_takes_over(tenant, scene):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    page = f"{tenant_url(tenant, 'groups:detail', pk=scene['group'].pk)}?tab=intros"
    first, second, third = scene["people"]
    say(scene, first.external_userid, SAID)
    text = web.get(f"{page}&who=misnamed").content.decode()
    assert str(second) in text
    assert str(first) not in text.partition("<tbody>")[2].partition("</tbody>")[0]
    mark = tenant_url(tenant, "groups:intro_mark", pk=scene["group"].pk, verb="done")
    web.post(mark, {"who": second.external_userid})
    assert Introduction.objects.get(userid=second.external_userid).seen == "person"
    offers = web.get(f"{page}&who=offers").content.decode()
    assert "苏州" in offers
    offer = tenant_url(tenant, "groups:intro_offer", pk=scene["group"].pk)
    web.post(offer, {"who": first.external_userid, "field": ["city", "occupation"], "verb": "take"})
    assert ProfileFact.objects.count() == 2
    web.post(tenant_url(tenant, "groups:intro_remind", pk=scene["group"].pk))
    assert f"@{third}" in WorkItem.objects.get(source_kind="groups.intro_reminder").script
    drawer = tenant_url(tenant, "groups:intro_rule", pk=scene["group"].pk)
    assert web.get(drawer).status_code == 200
    assert web.post(drawer, {"template": "", "pattern": ""}).status_code == 422
    assert web.post(drawer, {"template": "城市：", "pattern": ""}).status_code == 204
    assert not IntroRule.objects.get().is_on
