"""Silent members (R19): who is found, what is unknown, what people decide, and what ends by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from contacts.models import Customer
from groups.enums import CaseState
from groups.events import MemberLeft
from groups.handlers import on_members_moved
from groups.models import Group, Member, MemberPass, SilentCase
from groups.policies.silence import Limits, Present, is_inactive, review, seats_freed
from groups.services.members_night import members_go_through
from groups.services.membership import membership_dissolve
from groups.services.moving import group_move
from groups.services.passes import SLICE_GROUPS, pass_begin, pass_go_on, review_ask, tenants_with_passes
from groups.services.silence import REMOVE, silence_slice
from groups.services.silence_cases import cases_decide, cases_undo, silence_switch
from team.models import WorkItem
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, User
from tenants.scoping import unscoped
from tests.factories.contacts import make_behaviour, make_customer, make_customers, make_follow
from tests.factories.groups import fill_group, make_group, make_member
from tests.factories.team import make_staff
from wecom.archive.models import ArchivedMessage, ArchiveRoom

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WEEK = timedelta(hours=168)


def heard(group, *, since=30, until=0):
    """Messages of the group are known for that many days."""
    now = NOW
    ArchiveRoom.objects.create(
        tenant=group.tenant, app=group.app, room_id=group.chat_id, messages=9,
        first_at=now - timedelta(days=since), last_at=now - timedelta(days=until),
    )  # fmt: skip


def sat_since(group, customer, days, **fields):
    return make_member(group=group, customer=customer, joined_at=NOW - timedelta(days=days), **fields)


def run_review(tenant):
    pass_begin(tenant=tenant, kind="silence")
    while not pass_go_on(tenant=tenant, kind="silence", work=silence_slice):
        pass


def found_names():
    return {str(one): tuple(one.reasons) for one in SilentCase.objects.filter(state="open")}


# --- The rule itself


@pytest.mark.parametrize(("past", "inactive"), [(WEEK, False), (WEEK + timedelta(seconds=1), True)])
def test_exactly_seven_days_is_active_and_one_second_more_is_not(past, inactive):
    joined = NOW - timedelta(days=60)
    assert is_inactive(joined_at=joined, last_at=NOW - past, now=NOW, hours=168) is inactive
    assert is_inactive(joined_at=NOW - past, last_at=None, now=NOW, hours=168) is inactive


def test_time_before_joining_does_not_count():
    assert not is_inactive(
        joined_at=NOW - timedelta(days=1), last_at=NOW - timedelta(days=90), now=NOW, hours=168
    )


@pytest.mark.parametrize(
    ("name", "is_found"),
    [("AAA建材老王", True), ("ＡＡＡ批发", True), ("aaa小李", True), ("AA小李", False), ("小AAA", False)],
)
def test_a_name_starting_aaa_is_found_whatever_its_letters(name, is_found):
    one = Present(1, NOW - timedelta(days=1), last_at=NOW, has_spoken=True, names=(name,))
    assert bool(review([one], now=NOW, limits=Limits(), knows_silence=True)) is is_found


def test_a_burst_never_active_is_padding_and_a_slower_one_is_not():
    def brought(minutes):
        return [
            Present(n, NOW - timedelta(days=1) + timedelta(minutes=n * minutes), inviter="wmA")
            for n in range(5)
        ]

    quick = review(brought(2), now=NOW, limits=Limits(), knows_silence=True)
    assert {one.reasons for one in quick.values()} == {("padding",)}
    assert quick[0].evidence == {"burst": 5, "burst_minutes": 8}
    assert review(brought(3), now=NOW, limits=Limits(), knows_silence=True) == {}
    assert review(brought(2), now=NOW, limits=Limits(), knows_silence=False) == {}


def test_one_of_a_burst_who_was_active_since_is_no_padding():
    joined = NOW - timedelta(days=1)
    rows = [Present(n, joined, inviter="wmA", last_at=NOW if n == 0 else None) for n in range(5)]
    assert sorted(review(rows, now=NOW, limits=Limits(), knows_silence=True)) == [1, 2, 3, 4]


members = st.lists(
    st.builds(
        Present,
        member_id=st.integers(1, 30),
        joined_at=st.integers(0, 40_000).map(lambda n: NOW - timedelta(minutes=n)),
        last_at=st.none() | st.integers(0, 40_000).map(lambda n: NOW - timedelta(minutes=n)),
        has_spoken=st.booleans(),
        names=st.sampled_from([(), ("AAA",), ("小王",)]),
        inviter=st.sampled_from(["", "wmA", "wmB"]),
        ad_posts=st.integers(0, 4),
    ),
    unique_by=lambda one: one.member_id,
    max_size=25,
)


@given(rows=members, data=st.data())
def test_neither_order_nor_repetition_changes_who_is_found(rows, data):
    again = data.draw(st.permutations(rows)) + rows
    limits = Limits(padding_people=3)
    kept = review(rows, now=NOW, limits=limits, knows_silence=True)
    assert review(again, now=NOW, limits=limits, knows_silence=True) == kept
    unknown = review(rows, now=NOW, limits=limits, knows_silence=False)
    assert {why for one in unknown.values() for why in one.reasons} <= {"ads", "aaa"}


def test_seats_count_only_where_a_group_is_full():
    assert seats_freed(seats=200, target=200, removed=7) == 7
    assert seats_freed(seats=199, target=200, removed=7) == 0


# --- The review


@pytest.fixture
def scene(scoped, frozen):
    """A heard group: one silent, one who only checked in, one new, one who spoke long ago; and its staff."""
    staff = make_staff(tenant=scoped, name="周岚")
    group = make_group(tenant=scoped, state="active", kind="new_user", name="小芽英语启蒙01群", owner=staff)
    heard(group)
    names = ("安静", "打卡", "新人", "说过")
    people = {one: make_customer(tenant=scoped, name=one, app=group.app) for one in names}
    for one in names:
        sat_since(group, people[one], 1 if one == "新人" else 20)
    make_behaviour(
        tenant=scoped,
        customer=people["打卡"],
        kind="checkin",
        group=group,
        occurred_at=NOW - timedelta(days=6),
    )
    make_behaviour(
        tenant=scoped,
        customer=people["说过"],
        kind="message",
        group=group,
        occurred_at=NOW - timedelta(days=9),
    )
    fill_group(group=group, staff=[staff])
    return {"group": group, "staff": staff, **people}


def test_who_only_checked_in_is_active_and_who_never_spoke_is_a_zombie_candidate(scoped, scene):
    run_review(scoped)
    assert found_names() == {"安静": ("silent", "zombie"), "说过": ("silent",)}
    case = SilentCase.objects.get(customer=scene["说过"])
    assert (case.last_kind, case.evidence["hours"], case.evidence["has_spoken"]) == ("message", 216, True)


def test_staff_are_never_found_and_their_messages_wake_nobody(scoped, scene):
    ArchivedMessage.objects.create(
        tenant=scoped, app=scene["group"].app, seq=1, msgid="m1", msgtype="text", sent_at=NOW,
        room_id=scene["group"].chat_id, sender_id=scene["staff"].userid, content={"content": "早上好"},
    )  # fmt: skip
    run_review(scoped)
    assert "安静" in found_names()
    assert not SilentCase.objects.filter(member__is_staff=True).exists()


def test_what_is_done_in_another_group_does_not_count_here(scoped, scene):
    other = make_group(tenant=scoped, state="active", kind="new_user")
    make_behaviour(tenant=scoped, customer=scene["安静"], kind="message", group=other, occurred_at=NOW)
    run_review(scoped)
    assert "安静" in found_names()
    make_behaviour(tenant=scoped, customer=scene["安静"], kind="link_click", occurred_at=NOW)
    run_review(scoped)
    assert SilentCase.objects.get(customer=scene["安静"]).state == "back"


@pytest.mark.parametrize(
    "source", [None, {"since": 3}, {"since": 30, "until": 5}], ids=["no source", "too short", "too old"]
)
def test_silence_that_nobody_can_know_proposes_nobody(scoped, frozen, source):
    group = make_group(tenant=scoped, state="active", kind="new_user")
    if source:
        heard(group, **source)
    sat_since(group, make_customer(tenant=scoped, name="安静"), 20)
    sat_since(group, make_customer(tenant=scoped, name="AAA广告"), 20)
    run_review(scoped)
    assert found_names() == {"AAA广告": ("aaa",)}
    assert MemberPass.objects.get().unknown_count == 1


def test_who_refused_archiving_is_not_called_silent(scoped, scene):
    Customer.objects.filter(pk=scene["安静"].pk).update(archive_consent="disagree")
    run_review(scoped)
    assert "安静" not in found_names()


def test_links_of_a_member_are_ads_and_those_of_staff_are_not(scoped, scene):
    for number, sender in enumerate([scene["打卡"].external_userid] * 2 + [scene["staff"].userid] * 3):
        ArchivedMessage.objects.create(
            tenant=scoped, app=scene["group"].app, seq=number, msgid=f"m{number}", sent_at=NOW - timedelta(days=1),
            msgtype="text" if number else "link", room_id=scene["group"].chat_id, sender_id=sender,
            content={"content": "看这里 https://shop.example"}, action="send",
        )  # fmt: skip
    run_review(scoped)
    assert found_names()["打卡"] == ("ads",)
    assert SilentCase.objects.get(customer=scene["打卡"]).evidence == {"ad_posts": 2}


@pytest.mark.parametrize("kind", ["super_user", "delivery"])
def test_super_user_and_delivery_groups_are_left_out_until_switched_on(scoped, scene, owner, kind):
    Group.objects.update(kind=kind)
    run_review(scoped)
    assert found_names() == {}
    silence_switch(tenant=scoped, group_id=scene["group"].pk, is_on=True, actor=owner)
    run_review(scoped)
    assert len(found_names()) == 2
    silence_switch(tenant=scoped, group_id=scene["group"].pk, is_on=False, actor=owner)
    assert found_names() == {}


@pytest.mark.parametrize("switch", [False, None])
def test_switching_back_to_a_type_that_is_not_reviewed_empties_the_queue(scoped, scene, owner, switch):
    Group.objects.update(kind="delivery")
    silence_switch(tenant=scoped, group_id=scene["group"].pk, is_on=True, actor=owner)
    run_review(scoped)
    assert len(found_names()) == 2
    silence_switch(tenant=scoped, group_id=scene["group"].pk, is_on=switch, actor=owner)
    assert found_names() == {}


def test_a_group_whose_type_is_not_reviewed_any_more_leaves_the_queue(scoped, scene):
    run_review(scoped)
    assert len(found_names()) == 2
    Group.objects.update(kind="super_user")
    run_review(scoped)
    assert found_names() == {}


def archived(group):
    common = {"tenant": group.tenant, "group_id": group.pk, "actor": SYSTEM}
    group_move(**common, state="closing")
    group_move(**common, state="archived", reason="办完了")


def dissolved(group):
    membership_dissolve(tenant_id=group.tenant_id, app_id=group.app_id, chat_id=group.chat_id, at=NOW)


@pytest.mark.parametrize("end", [archived, dissolved])
def test_when_a_group_is_over_nobody_waits_there_and_no_task_stays(scoped, scene, owner, end):
    run_review(scoped)
    case = SilentCase.objects.get(customer=scene["安静"])
    cases_decide(tenant=scoped, case_ids=[case.pk], decision="remove", actor=owner)
    end(scene["group"])
    assert set(SilentCase.objects.values_list("state", flat=True)) == {"left"}
    assert not WorkItem.objects.filter(source_kind=REMOVE, state="open").exists()


# --- Decisions


def test_keep_holds_for_its_days_and_then_the_person_comes_up_again(scoped, scene, owner, frozen):
    run_review(scoped)
    ids = list(SilentCase.objects.values_list("pk", flat=True))
    assert cases_decide(tenant=scoped, case_ids=ids, decision="keep", actor=owner).count == 2
    ArchiveRoom.objects.update(last_at=NOW + timedelta(days=40))
    frozen.move(days=27)
    run_review(scoped)
    assert set(found_names()) == {"打卡", "新人"}
    frozen.move(days=2)
    run_review(scoped)
    assert set(found_names()) == {"安静", "说过", "打卡", "新人"}


def test_somebody_kept_stays_kept_for_28_days_to_the_second(scoped, scene, owner, frozen):
    run_review(scoped)
    ids = list(SilentCase.objects.values_list("pk", flat=True))
    cases_decide(tenant=scoped, case_ids=ids, decision="keep", actor=owner)
    ArchiveRoom.objects.update(last_at=NOW + timedelta(days=40))
    frozen.move(days=28)
    run_review(scoped)
    assert not {"安静", "说过"} & set(found_names())
    frozen.move(seconds=1)
    run_review(scoped)
    assert {"安静", "说过"} <= set(found_names())


def test_reactivation_gives_words_to_the_friend_and_leaves_out_who_wants_no_marketing(scoped, scene, owner):
    friend = make_staff(tenant=scoped, name="林晓")
    make_follow(tenant=scoped, customer=scene["安静"], staff=friend)
    Customer.objects.filter(pk=scene["说过"].pk).update(opt_out_at=NOW)
    run_review(scoped)
    found = cases_decide(
        tenant=scoped, case_ids=SilentCase.objects.values_list("pk", flat=True), decision="wake", actor=owner
    )
    assert (found.count, found.opted_out) == (1, 1)
    task = WorkItem.objects.get()
    assert task.staff == friend
    assert task.script.startswith("安静，")
    assert found_names() == {"说过": ("silent",)}


def test_nobody_is_re_activated_in_a_group_whose_sends_are_frozen(scoped, scene, owner):
    run_review(scoped)
    Group.objects.update(frozen_at=NOW)
    before = found_names()
    found = cases_decide(
        tenant=scoped, case_ids=SilentCase.objects.values_list("pk", flat=True), decision="wake", actor=owner
    )
    assert (found.count, found.frozen) == (0, 2)
    assert not WorkItem.objects.exists()
    assert found_names() == before  # they wait on
    decided = cases_decide(
        tenant=scoped, case_ids=SilentCase.objects.values_list("pk", flat=True), decision="keep", actor=owner
    )
    assert decided.count == 2


def test_a_reactivation_ends_when_the_person_is_active_and_comes_up_again_when_not(
    scoped, scene, owner, frozen
):
    run_review(scoped)
    cases_decide(
        tenant=scoped, case_ids=SilentCase.objects.values_list("pk", flat=True), decision="wake", actor=owner
    )
    ArchiveRoom.objects.update(last_at=NOW + timedelta(days=40))
    frozen.move(days=2)
    make_behaviour(
        tenant=scoped, customer=scene["说过"], kind="message", group=scene["group"], occurred_at=NOW
    )
    members_go_through(tenant_id=scoped.pk)  # the night's circles look at who woke
    states = dict(SilentCase.objects.values_list("customer__name", "state"))
    assert states == {"安静": "waking", "说过": "back"}
    assert WorkItem.objects.get(source_id=SilentCase.objects.get(state="back").pk).state == "cancelled"
    frozen.move(days=6)
    run_review(scoped)
    again = SilentCase.objects.get(customer=scene["安静"])
    assert (again.state, again.evidence["woken"]) == ("open", True)
    assert (
        WorkItem.objects.get(source_id=again.pk).state == "cancelled"
    )  # it waits for a decision, not for words


def test_removal_asks_the_owner_and_closes_when_wecom_says_the_person_left(scoped, scene, owner, frozen):
    run_review(scoped)
    case = SilentCase.objects.get(customer=scene["安静"])
    cases_decide(tenant=scoped, case_ids=[case.pk], decision="remove", actor=owner)
    task = WorkItem.objects.get()
    assert (task.staff, task.state) == (scene["staff"], "open")
    assert Member.objects.get(pk=case.member_id).left_at is None  # nobody is removed by us
    frozen.move(hours=1)
    Member.objects.filter(pk=case.member_id).update(left_at=NOW + timedelta(minutes=5))
    left = MemberLeft(
        tenant_id=scoped.pk, occurred_at=NOW, group_id=scene["group"].pk, customer_ids=[scene["安静"].pk],
        staff_ids=[], left_at=NOW,
    )  # fmt: skip
    for _twice in range(2):
        on_members_moved(tenant_id=scoped.pk, events=[left])
    case.refresh_from_db()
    task.refresh_from_db()
    assert (case.state, task.state) == ("left", "done")


@pytest.mark.parametrize("decision", ["keep", "wake", "remove"])
def test_a_decision_about_many_is_taken_back_whole(scoped, scene, owner, decision):
    run_review(scoped)
    before = found_names()
    ids = list(SilentCase.objects.values_list("pk", flat=True))
    found = cases_decide(tenant=scoped, case_ids=ids, decision=decision, actor=owner)
    assert cases_decide(tenant=scoped, case_ids=ids, decision="keep", actor=owner).count == 0
    assert cases_undo(tenant=scoped, decided_at=found.at, actor=owner) == 2
    assert found_names() == before
    assert not WorkItem.objects.exclude(state="cancelled").exists()
    assert AuditEntry.objects.filter(verb__startswith="groups.silence.").count() == 2


# --- Nights and slices


def test_the_review_is_made_on_its_weekday_and_circles_every_night(scoped, scene, frozen):
    frozen.set(NOW - timedelta(hours=1, minutes=59))  # Sunday night passed, 07:01 on Monday
    members_go_through(tenant_id=scoped.pk)
    members_go_through(tenant_id=scoped.pk)
    frozen.move(days=1)
    members_go_through(tenant_id=scoped.pk)
    made = list(MemberPass.objects.order_by("pk").values_list("kind", "day__day"))
    assert sorted(made) == [("circles", 2), ("circles", 3), ("silence", 2)]


def test_before_the_nights_hour_nothing_begins(scoped, scene, frozen):
    frozen.set(datetime(2026, 3, 1, 18, 59, tzinfo=UTC))  # 02:59 in Shanghai
    members_go_through(tenant_id=scoped.pk)
    assert not MemberPass.objects.exists()
    with unscoped("a test asks as the tick does"):
        assert tenants_with_passes() == [scoped.pk]


def test_a_pass_goes_on_where_it_was_cut_off_and_a_slice_costs_the_same_whatever_it_holds(scoped, frozen):
    groups = [make_group(tenant=scoped, state="active", kind="new_user") for _ in range(SLICE_GROUPS + 2)]
    for group in groups:
        heard(group)
    people = make_customers(tenant=scoped, count=40, app=groups[0].app)
    for one in people:
        sat_since(groups[0], one, 20)
    pass_begin(tenant=scoped, kind="silence")
    with CaptureQueriesContext(
        connection,
    ) as first:
        assert not pass_go_on(tenant=scoped, kind="silence", work=silence_slice)
    assert MemberPass.objects.get().position == groups[SLICE_GROUPS - 1].pk
    assert len(first) <= 25
    assert pass_go_on(tenant=scoped, kind="silence", work=silence_slice)
    assert (MemberPass.objects.get().group_count, SilentCase.objects.count()) == (SLICE_GROUPS + 2, 40)


def test_asking_twice_makes_one_pass(scoped, scene, owner):
    review_ask(tenant=scoped, actor=owner)
    review_ask(tenant=scoped, actor=owner)
    assert MemberPass.objects.filter(kind="silence").count() == 1


# --- Pages


@pytest.fixture
def web(tenant):
    User.objects.update(language="en")
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def test_the_queue_shows_evidence_definition_and_free_seats_and_decides_with_undo(web, scoped, scene):
    Group.objects.update(target_size=3)
    run_review(scoped)
    url = tenant_url(scoped, "groups:silent")
    with CaptureQueriesContext(connection) as asked:
        page = web.get(url, headers={"accept-language": "en"}).content.decode()
    assert len(asked) <= 25
    for words in ("安静", "never spoke here", "frees 2 seats", "more than 168 hours", "Checked in"):
        assert words in page
    decide = tenant_url(scoped, "groups:silent_decide", decision="keep")
    web.post(decide, {"every": "1", "query": "reason=zombie"})
    assert dict(SilentCase.objects.values_list("customer__name", "state")) == {"安静": "kept", "说过": "open"}
    at = SilentCase.objects.get(state="kept").decided_at
    web.post(
        tenant_url(scoped, "groups:silent_undo"), QUERY_STRING=f"at={at.isoformat().replace('+', '%2B')}"
    )
    assert SilentCase.objects.filter(state=CaseState.OPEN).count() == 2


def test_the_group_page_says_what_is_unknown_and_switches(web, scoped, frozen):
    group = make_group(tenant=scoped, state="active", kind="delivery")
    url = f"{tenant_url(scoped, 'groups:detail', pk=group.pk)}?tab=silent"
    assert "No message source" in web.get(url, headers={"accept-language": "en"}).content.decode()
    web.post(tenant_url(scoped, "groups:silent_switch", pk=group.pk), {"to": "on"})
    group.refresh_from_db()
    assert group.reviews_silence is True
