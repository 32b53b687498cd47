"""Groups go to another owner: what WeCom is asked, and what becomes of its answer."""

import re

import pytest

from console.pages import tenant_url
from groups.enums import TRANSFERS_A_DAY
from groups.errors import OwnerInvalid, ReasonNeeded
from groups.handlers import on_send_finished
from groups.models import Group
from groups.services.owners import REF_KIND, groups_set_owner
from simulator.world import groups as acts
from team.models import WorkItem
from team.services import work_item_put
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope
from tenants.services import preference_set
from tests.factories.groups import fill_group, make_group, make_ready_group
from tests.factories.team import make_staff
from tests.factories.tenants import actor_of
from tests.factories.tenants import make_member as make_membership
from tests.factories.wecom import make_app
from tests.groups.test_member_file import signed_in
from tests.groups.world import STAFF, deliver
from wecom.events import SendFinished
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def operator(scoped):
    return actor_of(make_membership(tenant=scoped, role=Role.OPERATOR))


@pytest.fixture
def scene(scoped):
    app = make_app(tenant=scoped)
    old, new = (make_staff(tenant=scoped, app=app, can_contact=True) for _one in range(2))
    groups = [
        make_group(tenant=scoped, app=app, owner=old, owner_userid=old.userid, chat_id=f"wrOwner{number}")
        for number in range(101)
    ]
    return {"old": old, "new": new, "groups": groups}


def ask(scoped, scene, operator, groups, **changes):
    wish = {"staff_id": scene["new"].pk, "reason": "转岗", **changes}
    return groups_set_owner(tenant=scoped, group_ids=[one.pk for one in groups], actor=operator, **wish)


def finished(scoped, send, state, **more):
    event = SendFinished(
        tenant_id=scoped.pk, occurred_at=clock.now(), send_id=send.pk, kind=send.kind, ref_kind=REF_KIND,
        ref_id=send.ref_id, state=state, **more,
    )  # fmt: skip
    on_send_finished(tenant_id=scoped.pk, events=[event])


def test_wecom_is_asked_in_calls_of_a_hundred_and_the_record_says_why(scoped, scene, operator):
    asked = ask(scoped, scene, operator, scene["groups"])
    sends = list(OutboundSend.objects.order_by("pk"))
    assert [len(send.payload["chat_ids"]) for send in sends] == [100, 1]
    assert {send.payload["new_owner"] for send in sends} == {scene["new"].userid}
    assert (len(asked.moving), asked.staying) == (101, [])
    entry = AuditEntry.objects.filter(verb="groups.group.owner_asked").first()
    assert entry.changes == {"owner": [scene["old"].userid, scene["new"].userid]}
    assert entry.reason == "转岗"


def test_no_more_than_wecom_takes_a_day_are_asked_for_today(scoped, scene, operator):
    preference_set(tenant=scoped, setting=TRANSFERS_A_DAY, raw=60, actor=SYSTEM)
    ask(scoped, scene, operator, scene["groups"][:50])
    ask(scoped, scene, operator, scene["groups"][50:])
    sends = OutboundSend.objects.order_by("next_at", "pk")
    today = [send for send in sends if send.next_at <= clock.now()]
    assert sum(len(send.payload["chat_ids"]) for send in today) == 60
    assert [
        (len(send.payload["chat_ids"]), clock.local(send.next_at, scoped.timezone).hour) for send in sends[2:]
    ] == [(41, 8)]


def test_groups_that_cannot_move_stay_and_ask_for_nothing(scoped, scene, operator):
    planned = make_group(tenant=scoped, name="启蒙09群", chat_id="")
    hers = make_group(
        tenant=scoped, app=scene["new"].app, owner=scene["new"], owner_userid=scene["new"].userid, chat_id="wrHers"
    )  # fmt: skip
    asked = ask(scoped, scene, operator, [planned, hers])
    assert {one.pk for one in asked.staying} == {planned.pk, hers.pk}
    assert not OutboundSend.objects.exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"can_contact": False}])
def test_a_colleague_who_left_or_may_not_have_customers_is_refused(scoped, scene, operator, change):
    type(scene["new"]).objects.filter(pk=scene["new"].pk).update(**change)
    with pytest.raises(OwnerInvalid):
        ask(scoped, scene, operator, scene["groups"][:1])


def test_a_reason_and_the_right_are_asked_for(scoped, scene, operator):
    with pytest.raises(ReasonNeeded):
        ask(scoped, scene, operator, scene["groups"][:1], reason=" ")
    viewer = actor_of(make_membership(tenant=scoped, role=Role.VIEWER))
    with pytest.raises(NotPermitted):
        ask(scoped, scene, viewer, scene["groups"][:1])


def test_what_wecom_did_not_move_becomes_a_task_and_a_later_success_ends_it(scoped, scene, operator):
    groups = scene["groups"][:3]
    ask(scoped, scene, operator, groups)
    send = OutboundSend.objects.get()
    for _again in range(2):
        finished(scoped, send, "done", fail_list=[groups[1].chat_id])
    item = WorkItem.objects.get()
    assert (item.staff_id, item.group_id, item.state) == (scene["old"].pk, groups[1].pk, "open")
    assert scene["new"].name in item.detail

    ask(scoped, scene, operator, groups[1:2])
    finished(scoped, OutboundSend.objects.latest("pk"), "done")
    item.refresh_from_db()
    assert item.state == "cancelled"


def test_a_call_that_failed_leaves_a_task_for_each_group(scoped, scene, operator):
    ask(scoped, scene, operator, scene["groups"][:2])
    finished(scoped, OutboundSend.objects.get(), "failed", error="60111")
    assert WorkItem.objects.filter(source_kind=REF_KIND, state="open").count() == 2


def test_the_task_is_done_when_wecom_shows_another_owner(scoped, vendor, camp, frozen):
    group = Group.objects.get(chat_id=camp)
    item = work_item_put(
        tenant_id=scoped.pk, source_kind=REF_KIND, source_id=group.pk, title="换群主", kind="alert", bucket="remind"
    )  # fmt: skip
    frozen.move(minutes=1)
    at = frozen.moment
    vendor.join(camp, [STAFF[1]], at)
    acts.change_owner(vendor.corp, chat_id=camp, userid=STAFF[1], at=at.timestamp(), now=at.timestamp())
    deliver(vendor.take_events())
    item.refresh_from_db()
    assert item.state == "done"


def test_an_owner_who_does_not_sit_in_the_group_is_changed_one_click_from_the_finding(tenant):
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        away, here, _elsewhere = (
            make_staff(tenant=tenant, app=app, name=name, can_contact=True)
            for name in ("阿远", "周岚", "白露")
        )
        group = make_ready_group(
            tenant=tenant, app=app, chat_id="wrRole", owner=away, owner_userid=away.userid
        )
        Group.objects.filter(pk=group.pk).update(state="active")
        fill_group(group=group, staff=[here])
    client = signed_in(tenant, Role.OPERATOR)
    page = client.get(tenant_url(tenant, "groups:detail", pk=group.pk)).text
    found = page.split("ROLE-01")[1].split("</li>")[0]
    url = re.search(r'href="([^"]+)"', found).group(1)
    question = client.get(url)
    assert question.status_code == 200
    offered = re.findall(r"<option[^>]*>([^<]+)<", question.text)
    is_inside = [one.endswith("(in the group)") for one in offered]
    assert is_inside == sorted(is_inside, reverse=True)  # who can take it at once stands first
    assert {"周岚 (in the group)", "阿远", "白露"} <= set(offered)
    answer = client.post(
        url, {"decided": "1", "picked": str(group.pk), "staff": str(here.pk), "reason": "群主不在群里"}
    )
    assert answer.url == tenant_url(tenant, "groups:detail", pk=group.pk)
    with tenant_scope(tenant):
        assert OutboundSend.objects.get().payload["new_owner"] == here.userid
    viewer = signed_in(tenant, Role.VIEWER)
    seen = (
        viewer.get(tenant_url(tenant, "groups:detail", pk=group.pk))
        .text.split("ROLE-01")[1]
        .split("</li>")[0]
    )
    assert "?tab=members&amp;which=leads" in seen
    assert viewer.get(url).status_code == 403


def test_a_question_about_another_companys_group_is_not_found(tenant, other_tenant):
    with tenant_scope(other_tenant):
        foreign = make_group(tenant=other_tenant)
    client = signed_in(tenant, Role.OPERATOR)
    assert (
        client.get(tenant_url(tenant, "groups:bulk", verb="owner"), {"pick": foreign.pk}).status_code == 404
    )
