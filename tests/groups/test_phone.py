"""The group on the phone: who may see it, what it says of today, and the brake."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from contacts.models import Question
from contacts.policies.questions import is_question
from contacts.services.questions import question_close, questions_follow
from groups.models import Group, Member
from groups.policies.questions import Said, unanswered
from team.models import Staff
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.groups import fill_group, make_group, make_member
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.phone import hold_phone
from wecom.archive.enums import ArchiveState
from wecom.archive.models import ArchiveCursor, ArchivedMessage


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("几点开始？", True),
        ("能退吗", True),
        ("what time?", True),
        ("好的，谢谢", False),
        ("", False),
        ("多少钱~", True),
    ],
)
def test_question_is_known_by_its_form(text: str, asks: bool) -> None:
    assert is_question(text) is asks


@pytest.mark.unit
def test_question_waits_until_any_staff_member_speaks() -> None:
    at = clock.now()

    def said(minute: int, text: str, is_staff: bool = False) -> Said:
        return Said(at + timedelta(minutes=minute), "x", text, is_staff)

    told = [said(5, "有回放吗"), said(1, "几点开始？"), said(3, "八点", is_staff=True), said(6, "谢谢")]
    assert [one.text for one in unanswered(told)] == ["有回放吗"]


pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(tenant: Tenant, frozen: MovableClock) -> Staff:
    """Sales without a console login."""
    frozen.move(hours=3)
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓", userid="LinXiao")


@pytest.fixture
def group(tenant: Tenant, staff: Staff) -> Group:
    with tenant_scope(tenant):
        made = make_group(tenant=tenant, app=staff.app, name="启蒙03群", state="active", owner=staff)
        return fill_group(group=made, customers=[make_customer(tenant=tenant)], staff=[staff])


def page_of(phone: Client, group: Group) -> Any:
    return phone.get(f"/m/{group.tenant.slug}/group/{group.chat_id}/")


def test_owner_sees_the_groups_day(tenant: Tenant, staff: Staff, group: Group) -> None:
    now = clock.now()
    with tenant_scope(tenant):
        new, gone = make_customer(tenant=tenant, name="刘女士"), make_customer(tenant=tenant, name="陈先生")
        make_member(group=group, customer=new, joined_at=now - timedelta(hours=1))
        make_member(group=group, customer=gone, left_at=now - timedelta(minutes=5))
        invited = make_customer(tenant=tenant, name="创建时")
        make_member(group=group, customer=invited, joined_at=now, is_creation_invitee=True)
    page = page_of(hold_phone(tenant, staff), group).content.decode()
    assert ("+1 / −1" in page, "new: 刘女士" in page, "gone: 陈先生" in page) == (True, True, True)
    assert ("启蒙03群" in page, "message archive" in page) == (True, True)


def test_keyword_replies_are_at_hand_to_copy(tenant: Tenant, staff: Staff, group: Group) -> None:
    assert 'id="g-k-1"' not in page_of(hold_phone(tenant, staff), group).text
    with tenant_scope(tenant):
        Group.objects.filter(pk=group.pk).update(replies="课表：每晚 <20:00>")
    page = page_of(hold_phone(tenant, staff), group).text
    assert '<small class="d-block q-2nd" id="g-k-1">每晚 &lt;20:00&gt;</small>' in page
    assert 'data-copy="#g-k-1"' in page


@pytest.mark.parametrize(
    ("tie", "status"), [("none", 404), ("owner", 200), ("admin", 200), ("member", 200), ("left", 404)]
)
def test_only_who_looks_after_a_group_sees_it(
    tenant: Tenant, staff: Staff, group: Group, tie: str, status: int
) -> None:
    with tenant_scope(tenant):
        other = make_staff(tenant=tenant, app=staff.app)
        Member.objects.filter(staff=staff).delete()
        Group.objects.update(owner=staff if tie == "owner" else other)
        if tie == "admin":
            Group.objects.update(admin_userids=[staff.userid])
        if tie in ("member", "left"):
            gone = {"left_at": clock.now()} if tie == "left" else {}
            make_member(group=group, staff=staff, **gone)
    assert page_of(hold_phone(tenant, staff), group).status_code == status


def test_who_runs_groups_sees_each_of_them(tenant: Tenant, staff: Staff, group: Group) -> None:
    with tenant_scope(tenant):
        lead = make_membership(tenant=tenant, role=Role.LEADER)
        other = make_staff(tenant=tenant, app=staff.app, membership=lead)
    assert page_of(hold_phone(tenant, other), group).status_code == 200


def test_group_of_another_company_or_app_is_not_there(
    tenant: Tenant, other_tenant: Tenant, staff: Staff, group: Group
) -> None:
    with tenant_scope(other_tenant):
        foreign = make_group(tenant=other_tenant)
    phone = hold_phone(tenant, staff)
    base = f"/m/{tenant.slug}/group/{foreign.chat_id}/"
    assert [phone.get(base).status_code, phone.post(f"{base}freeze/").status_code] == [404, 404]
    assert phone.get(f"{base}scripts/").status_code == 404


def test_brake_needs_the_right_to_run_groups_and_can_be_taken_back(
    tenant: Tenant, staff: Staff, group: Group
) -> None:
    url = f"/m/{tenant.slug}/group/{group.chat_id}/"
    phone = hold_phone(tenant, staff)
    assert "An operator or a team lead can freeze" in phone.get(url).content.decode()
    assert phone.post(f"{url}freeze/", {"reason": "x"}).status_code == 403
    with tenant_scope(tenant):
        Staff.objects.update(membership=make_membership(tenant=tenant, role=Role.OPERATOR))
    assert phone.post(f"{url}freeze/", {"reason": "群诉"}).status_code == 302
    page = phone.get(url).content.decode()
    assert ("群诉" in page, f"{url}unfreeze/" in page) == (True, True)
    assert phone.post(f"{url}unfreeze/", {"reason": " "}).status_code == 409  # letting go needs a reason
    with tenant_scope(tenant):
        assert Group.objects.get().frozen_at is not None
    phone.post(f"{url}unfreeze/", {"reason": "已安抚"})
    with tenant_scope(tenant):
        assert Group.objects.get().frozen_at is None
        assert AuditEntry.objects.get(verb="groups.group.unfrozen").reason == "已安抚"


def test_a_brake_pulled_by_mistake_is_let_go_without_a_reason_only_at_once(
    tenant: Tenant, staff: Staff, group: Group, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        Staff.objects.update(membership=make_membership(tenant=tenant, role=Role.OPERATOR))
    url = f"/m/{tenant.slug}/group/{group.chat_id}/"
    phone = hold_phone(tenant, staff)
    phone.post(f"{url}freeze/")
    assert f'data-undo="{url}unfreeze/?undo=1"' in phone.get(url).text
    assert phone.post(f"{url}unfreeze/?undo=1").status_code == 302
    with tenant_scope(tenant):
        assert Group.objects.get().frozen_at is None
    phone.post(f"{url}freeze/")
    frozen.move(minutes=2, seconds=1)
    assert phone.post(f"{url}unfreeze/?undo=1").status_code == 409
    with tenant_scope(tenant):
        assert Group.objects.get().frozen_at is not None


def test_open_questions_are_those_of_the_ledger_with_a_way_to_an_answer(
    tenant: Tenant, staff: Staff, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post of an SOP answers nobody; an answer to another person by name is none; what is older than three days
    waits no more; a reply, or a word on Today, ends it."""
    now = clock.now()
    with tenant_scope(tenant):
        names = ["刘女士", "陈先生", "王芳"]
        people = [
            make_customer(tenant=tenant, app=staff.app, external_userid=f"wm{n}", name=name)
            for n, name in enumerate(names)
        ]
        ArchiveCursor.objects.create(tenant=tenant, app=staff.app, state=ArchiveState.RUNNING, fetched_at=now)
        said = [
            (-4 * 1440, "wm0", "四天前的问题？"), (-30, "wm0", "有回放吗"), (-29, "wm1", "几点开始？"),
            (-28, "wm2", "能退吗"), (-20, staff.userid, "今晚 八点 直播"), (-10, staff.userid, "@陈先生 八点"),
        ]  # fmt: skip
        rows = [
            ArchivedMessage.objects.create(
                tenant=tenant, app=staff.app, msgid=f"m{n}", action="send", msgtype="text", sender_id=who,
                room_id=group.chat_id, content={"content": text}, sent_at=now + timedelta(minutes=minute),
            )
            for n, (minute, who, text) in enumerate(said)
        ]  # fmt: skip
        monkeypatch.setattr(
            "contacts.selectors.questions._posts", [lambda **_who: {(group.chat_id, "今晚 八点 直播")}]
        )
        questions_follow(tenant_id=tenant.pk, app_id=staff.app_id, message_ids=[row.pk for row in rows])
        assert Question.objects.count() == 4
        question_close(
            tenant=tenant,
            question_id=Question.objects.get(customer=people[2]).pk,
            how="elsewhere",
            actor=SYSTEM,
        )
    page = page_of(hold_phone(tenant, staff), group).content.decode()
    told = [text in page for text in ("有回放吗", "几点开始", "能退吗", "四天前")]
    assert told == [True, False, False, False]
    assert f"/group/{group.chat_id}/scripts/?q=" in page
    with tenant_scope(tenant):
        Question.objects.filter(customer=people[0]).update(replied_at=now)
    assert "None: each was answered" in page_of(hold_phone(tenant, staff), group).content.decode()


def test_group_page_asks_the_same_number_of_questions_whatever_its_size(
    tenant: Tenant, staff: Staff, group: Group, django_assert_max_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        fill_group(group=group, customers=[make_customer(tenant=tenant) for _ in range(30)])
    phone = hold_phone(tenant, staff)
    with django_assert_max_num_queries(32):
        assert page_of(phone, group).status_code == 200
