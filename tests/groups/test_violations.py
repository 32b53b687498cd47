"""The ledger of breaches: the ladder, the step as a task, what confirms it, what takes it back (R9)."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from contacts.selectors.timeline import customer_timeline
from groups.enums import LadderStep, Seen, ViolationState
from groups.errors import ReasonNeeded, ViolationInvalid
from groups.models import Member, Violation
from groups.policies.ladder import proposed
from groups.selectors.violations import violation_list
from groups.services.violations import removals_seen, violation_record, violation_settle, violation_undo
from team.enums import WorkState
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_answers, make_group, make_member
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.factories.tenants import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def scene(tenant):
    with tenant_scope(tenant):
        owner = make_staff(tenant=tenant)
        group = make_group(tenant=tenant, owner=owner, state="active")
        other = make_group(tenant=tenant, owner=owner, state="active")
        people = make_customers(tenant=tenant, count=2)
        for one in (group, other):
            fill_group(group=one, customers=people)
        yield {"group": group, "other": other, "people": people, "owner": owner, "tenant": tenant}


def record(scene, *, group="group", person=0, **values):
    return violation_record(
        tenant=scene["tenant"], group_id=scene[group].pk, userid=scene["people"][person].external_userid,
        actor=SYSTEM, **{"rule": "不发无关广告和链接", "evidence": "加我微信领红包", **values},
    )  # fmt: skip


def item_of(row):
    return WorkItem.objects.get(source_kind="groups.violation", source_id=row.pk)


@given(earlier=st.integers(0, 30), mute=st.integers(1, 10), remove=st.integers(1, 20))
def test_the_ladder_never_becomes_milder(earlier, mute, remove):
    order = [LadderStep.WARN, LadderStep.MUTE, LadderStep.REMOVE]
    now = proposed(earlier=earlier, mute_from=mute, remove_from=remove)
    later = proposed(earlier=earlier + 1, mute_from=mute, remove_from=remove)
    assert order.index(later) >= order.index(now)
    assert (now == LadderStep.REMOVE) == (earlier + 1 >= remove)


def test_warn_then_mute_then_remove_within_one_group_only(scene):
    steps = [record(scene).step, record(scene).step, record(scene).step]
    assert steps == ["warn", "mute", "remove"]
    assert record(scene, group="other").step == "warn"
    assert record(scene, person=1).step == "warn"


def test_the_step_stands_before_the_owner_with_words_and_is_done_by_saying_so(scene):
    row = record(scene)
    item = item_of(row)
    assert (item.staff_id, item.group_id, item.state) == (scene["owner"].pk, scene["group"].pk, "open")
    assert "不发无关广告和链接" in item.script
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="done", actor=SYSTEM)
    row.refresh_from_db()
    assert (row.state, row.seen) == (ViolationState.DONE, Seen.PERSON)
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="undo", actor=SYSTEM)
    row.refresh_from_db()
    assert (row.state, row.done_by) == (ViolationState.OPEN, "")
    violation_settle(tenant=scene["tenant"], violation_id=row.pk, is_done=True, actor=SYSTEM)
    assert item_of(row).state == WorkState.DONE
    violation_settle(tenant=scene["tenant"], violation_id=row.pk, is_done=False, actor=SYSTEM)
    assert item_of(row).state == WorkState.OPEN


def test_what_waits_stands_before_what_is_dealt_with(scene, frozen):
    old = record(scene)
    frozen.move(days=1)
    new = record(scene, person=1)
    violation_settle(tenant=scene["tenant"], violation_id=new.pk, is_done=True, actor=SYSTEM)
    listed = violation_list(tenant_id=scene["tenant"].pk, group_id=scene["group"].pk)
    assert [one.pk for one in listed] == [old.pk, new.pk]


def test_a_member_without_a_profile_is_named_as_in_the_group_each_time(scene):
    member = make_member(group=scene["group"], nickname="豆豆妈妈")
    row = violation_record(
        tenant=scene["tenant"], group_id=scene["group"].pk, userid=member.userid, rule="不私加成员",
        evidence="私加", actor=SYSTEM,
    )  # fmt: skip
    assert "豆豆妈妈" in item_of(row).title
    for is_done in (True, False):
        violation_settle(tenant=scene["tenant"], violation_id=row.pk, is_done=is_done, actor=SYSTEM)
    assert "豆豆妈妈" in item_of(row).title


def test_a_removal_is_confirmed_when_the_member_has_left(scene):
    row = record(scene, step="remove")
    warned = record(scene, person=1)
    assert removals_seen(tenant_id=scene["tenant"].pk, group_ids=[scene["group"].pk]) == 0
    Member.objects.filter(group=scene["group"]).update(left_at=clock.now())
    assert removals_seen(tenant_id=scene["tenant"].pk, group_ids=[scene["group"].pk]) == 1
    row.refresh_from_db()
    assert (row.state, row.seen, item_of(row).state) == ("done", "wecom", "done")
    assert item_of(warned).state == "open"


def test_taken_back_needs_a_reason_stays_on_record_and_no_longer_counts(scene):
    first, second = record(scene), record(scene)
    with pytest.raises(ReasonNeeded):
        violation_undo(tenant=scene["tenant"], violation_id=first.pk, reason=" ", actor=SYSTEM)
    violation_undo(tenant=scene["tenant"], violation_id=first.pk, reason="看错人了", actor=SYSTEM)
    assert item_of(first).state == WorkState.CANCELLED
    assert record(scene).step == "mute"
    assert second.step == "mute"
    told = customer_timeline(tenant_id=scene["tenant"].pk, customer_id=scene["people"][0].pk)
    mine = [one for one in told if one.icon_name == "gavel"]
    assert len(mine) == 3
    assert any("看错人了" in one.detail for one in mine)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": " "},
        {"evidence": ""},
        {"step": "shout"},
        {"evidence": "", "evidence_url": "javascript:alert(1)"},
    ],
)
def test_a_breach_names_rule_and_evidence(scene, wrong):
    with pytest.raises(ViolationInvalid):
        record(scene, **wrong)
    assert not Violation.objects.exists()


def test_staff_and_strangers_are_not_recorded(scene):
    fill_group(group=scene["group"], staff=[scene["owner"]])
    for userid in (scene["owner"].userid, "wm-nobody"):
        with pytest.raises(ViolationInvalid):
            violation_record(
                tenant=scene["tenant"],
                group_id=scene["group"].pk,
                userid=userid,
                rule="x",
                evidence="y",
                actor=SYSTEM,
            )


def test_the_pages_record_show_settle_and_take_back(tenant, scene):
    make_answers(group=scene["group"])
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    page = tenant_url(tenant, "groups:detail", pk=scene["group"].pk)
    who = scene["people"][0].external_userid
    new = tenant_url(tenant, "groups:violation_new", pk=scene["group"].pk)
    record(scene)
    drawer = web.get(f"{new}?who={who}").content.decode()
    assert "1 in this group, 0 in others" in drawer
    assert web.post(new, {"userid": who, "rule": "", "evidence": "x"}).status_code == 422
    sent = {"userid": who, "rule": "不私加成员", "evidence": "私加了三个人", "step": ""}
    assert web.post(new, sent).status_code == 204
    ledger = web.get(f"{page}?tab=violations").content.decode()
    assert "私加了三个人" in ledger
    row = Violation.objects.get(evidence="私加了三个人")
    assert row.step == "mute"
    web.post(tenant_url(tenant, "groups:violation_act", pk=scene["group"].pk, number=row.pk, verb="done"))
    undo = tenant_url(tenant, "groups:violation_undo", pk=scene["group"].pk, number=row.pk)
    assert web.post(undo, {"reason": ""}).status_code == 422
    assert web.post(undo, {"reason": "误会"}).status_code == 204
    row.refresh_from_db()
    assert row.state == "undone"
    assert "1 breach of the rules" in web.get(f"{page}?tab=members").content.decode()
    astray = tenant_url(tenant, "groups:violation_undo", pk=scene["other"].pk, number=row.pk)
    assert web.get(astray).status_code == 404


def test_words_are_hidden_from_those_who_may_not_see_people(tenant, scene):
    record(scene)
    person = make_user()
    make_membership(tenant=tenant, role=Role.VIEWER, user=person)
    web = Client(headers={"accept-language": "en"})
    web.force_login(person)
    ledger = web.get(f"{tenant_url(tenant, 'groups:detail', pk=scene['group'].pk)}?tab=violations")
    assert "加我微信领红包" not in ledger.content.decode()
    assert "不发无关广告和链接" in ledger.content.decode()
