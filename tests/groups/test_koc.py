"""Members who help (R22): suggested with evidence, moved by people, their tasks, the owner's load."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from contacts.models import Customer
from groups.enums import KOC_MOVES, KocState
from groups.errors import KocInvalid, ReasonNeeded
from groups.events import MemberLeft
from groups.handlers import on_members_moved
from groups.models import HelperTask, Koc, Member
from groups.policies.koc import load_change, origin_of, weeks_of
from groups.selectors.koc import owner_load, suggestions
from groups.services.koc import helper_task_add, koc_add, koc_edit, koc_move
from groups.services.members_night import members_go_through
from team.models import WorkItem
from team.services import work_item_act
from tenants.models import AuditEntry, User
from tests.factories.contacts import make_behaviour, make_customer
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from wecom.archive.models import ArchivedMessage, ArchiveRoom

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@given(st.integers(-90, 0), st.integers(0, 90), st.integers(0, 60))
def test_the_compared_weeks_are_whole_known_and_do_not_cross_the_moment(heard, until, gone):
    since, now = NOW, NOW + timedelta(days=gone)
    before, after = weeks_of(
        since=since, heard_from=since + timedelta(days=heard), heard_until=since + timedelta(days=until), now=now,
        most=4,
    )  # fmt: skip
    assert all(week.end - week.start == timedelta(days=7) for week in before + after)
    assert all(since + timedelta(days=heard) <= week.start and week.end <= since for week in before)
    assert all(since <= week.start and week.end <= min(now, since + timedelta(days=until)) for week in after)
    assert len(before) == min(4, -heard // 7)


def test_a_load_without_both_sides_has_no_change():
    assert load_change(None, 3.0) is None
    assert load_change(0.0, 3.0) is None
    assert load_change(20.0, 15.0) == pytest.approx(-0.25)


@pytest.mark.parametrize(
    ("after_days", "with_it", "origin"), [(0, True, "early"), (7, False, "early"), (8, False, "grown")]
)
def test_who_came_in_the_first_days_was_invited_early(after_days, with_it, origin):
    joined = NOW + timedelta(days=after_days)
    assert origin_of(joined_at=joined, made_at=NOW, was_invited_with=with_it, first_days=7) == origin


@pytest.fixture
def scene(scoped, frozen):
    """A warm, active, old customer; one who is new; one who is cold. Circles are worked out."""
    staff = make_staff(tenant=scoped, name="周岚", userid="zhoulan")
    group = make_group(
        tenant=scoped, state="active", kind="new_user", owner=staff, owner_userid="zhoulan",
        created_at=NOW - timedelta(days=90),
    )  # fmt: skip
    people = {}
    for name, stage, known in (("热心", 5, 90), ("新来", 5, 5), ("冷淡", 2, 90)):
        people[name] = make_customer(
            tenant=scoped, app=group.app, name=name, stage=stage, first_seen_at=NOW - timedelta(days=known)
        )
        make_member(group=group, customer=people[name], joined_at=NOW - timedelta(days=40))
        for day in range(1, 6):
            make_behaviour(
                tenant=scoped, customer=people[name], kind="checkin", occurred_at=NOW - timedelta(days=day)
            )
    members_go_through(tenant_id=scoped.pk)
    return {"group": group, "staff": staff, **people}


def helping(scoped, scene, owner):
    row = koc_add(tenant=scoped, group_id=scene["group"].pk, customer_id=scene["热心"].pk, actor=owner)
    for state in ("invited", "helper"):
        row = koc_move(tenant=scoped, koc_id=row.pk, state=state, actor=owner)
    return row


def test_only_warm_active_and_old_customers_are_suggested_with_what_speaks_for_them(scoped, scene, owner):
    found = suggestions(group=scene["group"])
    assert [(one.customer.name, one.evidence) for one in found] == [
        ("热心", {"stage": 5, "circle": "influence", "active_days": 5, "days": 90})
    ]
    row = koc_add(tenant=scoped, group_id=scene["group"].pk, customer_id=scene["热心"].pk, actor=owner)
    assert (row.state, row.origin, row.evidence["days"]) == ("candidate", "grown", 90)
    assert suggestions(group=scene["group"]) == []


def test_who_wants_no_marketing_is_not_suggested(scoped, scene):
    Customer.objects.filter(pk=scene["热心"].pk).update(opt_out_at=NOW)
    assert suggestions(group=scene["group"]) == []


def test_nobody_outside_the_group_becomes_a_candidate(scoped, scene, owner):
    stranger = make_customer(tenant=scoped, app=scene["group"].app)
    with pytest.raises(KocInvalid):
        koc_add(tenant=scoped, group_id=scene["group"].pk, customer_id=stranger.pk, actor=owner)


def test_an_invitation_is_a_task_for_the_owner_with_words_and_privileges(scoped, scene, owner):
    row = koc_add(tenant=scoped, group_id=scene["group"].pk, customer_id=scene["热心"].pk, actor=owner)
    koc_edit(tenant=scoped, koc_id=row.pk, privileges="新课先看", origin="early", actor=owner)
    koc_move(tenant=scoped, koc_id=row.pk, state="invited", actor=owner)
    task = WorkItem.objects.get(source_kind="groups.koc_invite")
    assert task.staff == scene["staff"]
    assert "新课先看" in task.script
    koc_move(tenant=scoped, koc_id=row.pk, state="helper", actor=owner)
    task.refresh_from_db()
    assert task.state == "done"
    assert AuditEntry.objects.filter(verb__startswith="groups.koc.").count() == 4


@pytest.mark.parametrize("state", list(KocState))
def test_nobody_moves_past_the_table(scoped, scene, owner, state):
    row = koc_add(tenant=scoped, group_id=scene["group"].pk, customer_id=scene["热心"].pk, actor=owner)
    Koc.objects.update(state=state)
    for wanted in set(KocState) - KOC_MOVES[state] - {state}:
        with pytest.raises(KocInvalid):
            koc_move(tenant=scoped, koc_id=row.pk, state=wanted, actor=owner, reason="因为")


def test_the_end_needs_a_reason_and_takes_open_tasks_along(scoped, scene, owner):
    row = helping(scoped, scene, owner)
    helper_task_add(tenant=scoped, koc_id=row.pk, title="迎新", due_on=None, actor=owner)
    with pytest.raises(ReasonNeeded):
        koc_move(tenant=scoped, koc_id=row.pk, state="ended", actor=owner)
    koc_move(tenant=scoped, koc_id=row.pk, state="ended", actor=owner, reason="太忙")
    assert WorkItem.objects.get(source_kind="groups.helper_task").state == "cancelled"


def test_a_task_of_a_helper_is_done_from_todays_list_and_taken_back(scoped, scene, owner):
    row = helping(scoped, scene, owner)
    task = helper_task_add(
        tenant=scoped, koc_id=row.pk, title="晚间话题", due_on=date(2026, 3, 3), actor=owner
    )
    item = WorkItem.objects.get(source_kind="groups.helper_task")
    assert item.due_at == datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
    work_item_act(tenant=scoped, item_id=item.pk, verb="done", actor=owner)
    task.refresh_from_db()
    assert task.done_by == owner.name
    work_item_act(tenant=scoped, item_id=item.pk, verb="undo", actor=owner)
    task.refresh_from_db()
    assert task.done_at is None


def test_a_helper_who_leaves_helps_no_more(scoped, scene, owner, frozen):
    row, group = helping(scoped, scene, owner), scene["group"]
    helper_task_add(tenant=scoped, koc_id=row.pk, title="迎新", due_on=None, actor=owner)
    asked = koc_add(tenant=scoped, group_id=group.pk, customer_id=scene["新来"].pk, actor=owner)
    koc_move(tenant=scoped, koc_id=asked.pk, state="invited", actor=owner)
    gone = [scene["热心"], scene["新来"]]
    Member.objects.filter(customer__in=gone).update(left_at=NOW)
    left = MemberLeft(
        tenant_id=scoped.pk, occurred_at=NOW, group_id=group.pk, customer_ids=[one.pk for one in gone], staff_ids=[],
        left_at=NOW,
    )  # fmt: skip
    for _twice in range(2):
        on_members_moved(tenant_id=scoped.pk, events=[left])
    assert set(Koc.objects.values_list("state", flat=True)) == {"ended"}
    assert not WorkItem.objects.filter(source_kind__startswith="groups.", state="open").exists()


def test_the_owners_load_is_compared_over_whole_weeks_and_unknown_without_a_source(
    scoped, scene, owner, frozen
):
    group = scene["group"]
    helping(scoped, scene, owner)
    assert owner_load(group=group, zone=scoped.timezone).before is None
    ArchiveRoom.objects.create(
        tenant=scoped, app=group.app, room_id=group.chat_id, messages=1, first_at=NOW - timedelta(days=15),
        last_at=NOW + timedelta(days=8),
    )  # fmt: skip
    sent = [NOW - timedelta(days=1)] * 6 + [NOW - timedelta(days=9)] * 4 + [NOW + timedelta(days=1)] * 2
    for number, at in enumerate(sent):
        ArchivedMessage.objects.create(
            tenant=scoped, app=group.app, seq=number, msgid=f"m{number}", msgtype="text", action="send", sent_at=at,
            room_id=group.chat_id, sender_id="zhoulan", content={"content": "在"},
        )  # fmt: skip
    frozen.move(days=8)
    found = owner_load(group=group, zone=scoped.timezone)
    assert (found.before, found.after, found.weeks_before, found.weeks_after) == (5.0, 2.0, 2, 1)
    assert found.change == pytest.approx(-0.6)


def test_the_tab_goes_the_whole_way_by_its_buttons(scoped, scene):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    group = scene["group"]
    tab = f"{tenant_url(scoped, 'groups:detail', pk=group.pk)}?tab=koc"
    assert "active on 5 of 14 days" in web.get(tab).content.decode()
    web.post(tenant_url(scoped, "groups:koc_add", pk=group.pk), {"customer": scene["热心"].pk})
    row = Koc.objects.get()
    for state in ("invited", "helper"):
        web.post(tenant_url(scoped, "groups:koc_move", pk=row.pk), {"state": state})
    web.post(tenant_url(scoped, "groups:koc_task", pk=row.pk), {"title": "迎新", "due_on": "2026-03-04"})
    task = HelperTask.objects.get()
    web.post(tenant_url(scoped, "groups:koc_task_act", pk=task.pk, verb="done"))
    page = web.get(tab).content.decode()
    assert "迎新" in page
    assert "helps since" in page
    task.refresh_from_db()
    assert task.done_at == NOW


def test_the_members_tab_shows_roles_and_narrows_by_them(scoped, scene, owner):
    helping(scoped, scene, owner)
    make_member(
        group=scene["group"], customer=make_customer(tenant=scoped, app=scene["group"].app, name="潜水"),
        joined_at=NOW - timedelta(days=9),
    )  # fmt: skip
    members_go_through(tenant_id=scoped.pk)
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    url = f"{tenant_url(scoped, 'groups:detail', pk=scene['group'].pk)}?tab=members"
    everyone, helpers, active, ordinary = (
        web.get(f"{url}{which}").content.decode()
        for which in ("", "&which=koc", "&which=active", "&which=ordinary")
    )
    assert "KOC · Helper" in everyone
    assert "Influence circle" in everyone
    assert ("热心" in helpers, "冷淡" in helpers) == (True, False)
    assert ("冷淡" in active, "潜水" in active) == (True, False)
    assert ("热心" in ordinary, "冷淡" in ordinary, "潜水" in ordinary) == (False, False, True)
