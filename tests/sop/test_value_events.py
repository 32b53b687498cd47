"""Value events: planned with invitation and reminders, signed up on the phone, attendance, outcome (R64)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Behaviour
from content.views.visitors import IDENTITY_SALT
from groups.models import Group
from sop.errors import EventClosed, EventFull, EventInvalid
from sop.models import EventSignup, Touch, ValueEvent
from sop.policies.attendance import ids_in
from sop.policies.value_events import Door, door, pairs
from sop.selectors.value_events import event_group_ids, event_outcome, talked_pairs
from sop.services.dispatch import dispatch_due
from sop.services.signups import came_from_ids, came_mark, replay_seen, sign_up, withdraw
from sop.services.value_events import EventWish, event_cancel, event_replay, event_save
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from tests.sop.conftest import befriend
from wecom.models import ArchiveCursor

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
STARTS = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)  # Monday 20:00 in Shanghai
ATTENDANCE_STATEMENTS = 9


@pytest.fixture
def group(scoped: Tenant) -> Group:
    app = make_app(tenant=scoped)
    lin = make_staff(tenant=scoped, app=app, userid="linxiao", name="林晓")
    people = make_customers(tenant=scoped, count=4, app=app)
    befriend(lin, people)
    made = make_group(tenant=scoped, app=app, owner=lin, state="active", kind="new_user", name="启蒙01群")
    return fill_group(group=made, customers=people, staff=[lin])


def people_of(group: Group) -> list[Any]:
    return [
        one.customer for one in group.members.filter(is_staff=False).order_by("pk").select_related("customer")
    ]


def planned(group: Group, **fields: Any) -> ValueEvent:
    wish = EventWish(
        **{
            "kind": "talk", "title": "绘本怎么选", "host": "周岚老师", "starts_at": STARTS,
            "ends_at": STARTS + timedelta(hours=1), "group_ids": [group.pk], "link": "https://live.example.com/9",
            **fields,
        }
    )  # fmt: skip
    return event_save(tenant=group.tenant, event_id=None, wish=wish, actor=SYSTEM)


@given(
    is_cancelled=st.booleans(), is_signed=st.booleans(), signed=st.integers(0, 5),
    capacity=st.none() | st.integers(1, 5), hours=st.integers(-3, 3),
)  # fmt: skip
def test_the_door_is_open_only_before_the_end_with_a_seat_left(
    is_cancelled, is_signed, signed, capacity, hours
) -> None:
    found = door(
        now=STARTS + timedelta(hours=hours), ends_at=STARTS, is_cancelled=is_cancelled, is_signed=is_signed,
        signed=signed, capacity=capacity,
    )  # fmt: skip
    if found is Door.OPEN:
        assert hours < 0
        assert not is_cancelled
        assert capacity is None or signed < capacity
    if is_signed and not is_cancelled and hours < 0:
        assert found is Door.SIGNED


def test_pairs_are_people_who_answer_each_other_soon() -> None:
    talk = [(1, STARTS), (1, STARTS), (2, STARTS + timedelta(minutes=5)), (3, STARTS + timedelta(hours=2))]
    assert pairs(talk, within_s=600) == {(1, 2)}
    assert pairs(talk, within_s=300) == {(1, 2)}
    assert pairs(talk, within_s=299) == set()


def test_ids_are_read_from_a_csv_with_its_column_and_from_bare_lines() -> None:
    assert ids_in("姓名,external_userid\n甲,wm1\n乙,wm2\n乙,wm2\n") == ["wm1", "wm2"]
    assert ids_in("wm3\n\nwm4\n") == ["wm3", "wm4"]


def test_an_event_invites_the_group_and_reminds_only_who_signed_up(
    group: Group, frozen: MovableClock
) -> None:
    event = planned(group)
    first, second, *_rest = people_of(group)
    sign_up(tenant=group.tenant, event_id=event.pk, customer_id=first.pk)
    sign_up(tenant=group.tenant, event_id=event.pk, customer_id=second.pk)
    withdraw(tenant=group.tenant, event_id=event.pk, customer_id=second.pk)
    frozen.set(STARTS - timedelta(hours=24) + timedelta(minutes=1))
    dispatch_due(tenant_id=group.tenant_id)
    reminder = Touch.objects.get(step__key="before1440")
    assert (reminder.state, reminder.recipients_count) == ("handed", 1)
    assert list(reminder.recipients.values_list("customer_id", "state")) == [(first.pk, "planned")]
    assert "/r/" in reminder.text
    assert Touch.objects.get(step__key="invite").channel == "group_forward"


def test_the_last_seat_goes_to_one_person_and_a_seat_given_back_is_free(group: Group) -> None:
    event = planned(group, capacity=1)
    first, second, *_rest = people_of(group)
    sign_up(tenant=group.tenant, event_id=event.pk, customer_id=first.pk)
    sign_up(tenant=group.tenant, event_id=event.pk, customer_id=first.pk)
    with pytest.raises(EventFull):
        sign_up(tenant=group.tenant, event_id=event.pk, customer_id=second.pk)
    withdraw(tenant=group.tenant, event_id=event.pk, customer_id=first.pk)
    sign_up(tenant=group.tenant, event_id=event.pk, customer_id=second.pk)
    assert EventSignup.objects.filter(withdrawn_at=None).get().customer_id == second.pk


def test_an_event_called_off_sends_nothing_and_takes_nobody(group: Group) -> None:
    event = planned(group)
    event_cancel(tenant=group.tenant, event_id=event.pk, reason="老师生病", actor=SYSTEM)
    assert set(Touch.objects.filter(run=event.run_id).values_list("state", flat=True)) == {"cancelled"}
    with pytest.raises(EventClosed):
        sign_up(tenant=group.tenant, event_id=event.pk, customer_id=people_of(group)[0].pk)


def test_a_moved_event_moves_what_is_still_planned(group: Group) -> None:
    event = planned(group)
    later = STARTS + timedelta(days=1)
    wish = EventWish(
        kind="talk", title="绘本怎么选", host="周岚老师", starts_at=later, ends_at=later + timedelta(hours=1),
        group_ids=[group.pk], link="https://live.example.com/9",
    )  # fmt: skip
    event_save(tenant=group.tenant, event_id=event.pk, wish=wish, actor=SYSTEM)
    live = Touch.objects.filter(run=event.run_id, state="planned")
    assert live.get(step__key="before60").planned_at == later - timedelta(hours=1)
    assert live.count() == 3


def test_an_event_that_ends_before_it_begins_or_names_no_group_of_ours_is_refused(group: Group) -> None:
    for wrong in ({"ends_at": STARTS}, {"group_ids": [group.pk, 0]}, {"group_ids": []}):
        with pytest.raises(EventInvalid):
            planned(group, **wrong)


def test_what_was_called_off_stays_so_and_a_group_left_out_gets_nothing(group: Group) -> None:
    beside = make_group(
        tenant=group.tenant, app=group.app, owner=group.owner, state="active", name="启蒙02群"
    )
    fill_group(group=beside, customers=make_customers(tenant=group.tenant, count=1), staff=[group.owner])
    event = planned(group, group_ids=[group.pk, beside.pk])
    common = {"kind": "talk", "title": "绘本怎么选", "host": "周岚老师", "link": "https://live.example.com/9"}
    times = {"starts_at": STARTS, "ends_at": STARTS + timedelta(hours=1)}
    wish = EventWish(**common, **times, group_ids=[group.pk])
    event_save(tenant=group.tenant, event_id=event.pk, wish=wish, actor=SYSTEM)
    assert event_group_ids(event=event) == [group.pk]
    waiting = Touch.objects.filter(run=event.run_id, state="planned")
    assert set(waiting.values_list("group_id", flat=True)) == {group.pk}
    event_cancel(tenant=group.tenant, event_id=event.pk, reason="老师生病", actor=SYSTEM)
    with pytest.raises(EventInvalid):
        event_save(tenant=group.tenant, event_id=event.pk, wish=wish, actor=SYSTEM)
    assert not waiting.exists()


def test_a_seat_is_given_back_until_it_begins_and_the_first_look_at_the_replay_stays(
    group: Group, frozen: MovableClock
) -> None:
    event = planned(group)
    one = people_of(group)[0].pk
    sign_up(tenant=group.tenant, event_id=event.pk, customer_id=one)
    frozen.set(STARTS)
    with pytest.raises(EventClosed):
        withdraw(tenant=group.tenant, event_id=event.pk, customer_id=one)
    for hours in (3, 5):
        frozen.set(STARTS + timedelta(hours=hours))
        replay_seen(tenant=group.tenant, event_id=event.pk, customer_id=one)
    row = EventSignup.objects.get()
    assert (row.withdrawn_at, row.replay_at) == (None, STARTS + timedelta(hours=3))


def test_who_gave_the_seat_back_and_came_all_the_same_walked_in(group: Group, frozen: MovableClock) -> None:
    event = planned(group)
    first, second, *_rest = [one.pk for one in people_of(group)]
    for one in (first, second):
        sign_up(tenant=group.tenant, event_id=event.pk, customer_id=one)
    withdraw(tenant=group.tenant, event_id=event.pk, customer_id=second)
    frozen.set(STARTS + timedelta(minutes=5))
    for one in (first, second):
        came_mark(
            tenant=group.tenant,
            event_id=event.pk,
            customer_id=one,
            has_come=True,
            origin="hand",
            actor=SYSTEM,
        )
    after = event_outcome(tenant=group.tenant, event=event)
    assert (after.signed, after.came, after.walked_in, after.came_rate) == (1, 2, 1, 1.0)


def test_the_outcome_counts_people_and_says_what_nobody_knows(group: Group, frozen: MovableClock) -> None:
    event = planned(group)
    people = people_of(group)
    for one in people[:2]:
        sign_up(tenant=group.tenant, event_id=event.pk, customer_id=one.pk)
    before = event_outcome(tenant=group.tenant, event=event)
    assert (before.invited, before.signed, before.came, before.came_rate) == (4, 2, None, None)
    frozen.set(STARTS + timedelta(hours=2))
    came_mark(
        tenant=group.tenant,
        event_id=event.pk,
        customer_id=people[0].pk,
        has_come=True,
        origin="hand",
        actor=SYSTEM,
    )
    taken = came_from_ids(
        tenant=group.tenant,
        event_id=event.pk,
        external_userids=[people[2].external_userid, "wmStranger"],
        actor=SYSTEM,
    )
    assert (taken.came, taken.unknown) == (1, ["wmStranger"])
    after = event_outcome(tenant=group.tenant, event=event)
    assert (after.came, after.walked_in, after.came_rate, after.replied) == (2, 1, 0.5, None)
    event_replay(tenant=group.tenant, event_id=event.pk, url="https://video.example.com/9", actor=SYSTEM)
    assert Touch.objects.filter(run=event.run_id, step__key="replay", state="planned").count() == 1
    assert not Behaviour.objects.exists()


@pytest.mark.parametrize("known", [1, 3])
def test_a_list_of_attendance_takes_the_same_few_statements_for_any_length(
    group: Group, frozen: MovableClock, django_assert_max_num_queries: Any, known: int
) -> None:
    event, people = planned(group), people_of(group)
    sign_up(tenant=group.tenant, event_id=event.pk, customer_id=people[0].pk)
    frozen.set(STARTS + timedelta(hours=2))
    ids = [one.external_userid for one in people[:known]]
    with django_assert_max_num_queries(ATTENDANCE_STATEMENTS):
        taken = came_from_ids(tenant=group.tenant, event_id=event.pk, external_userids=ids, actor=SYSTEM)
    assert taken.came == known
    rows = EventSignup.objects.filter(event=event)
    assert set(rows.values_list("came_at", "came_by")) == {(frozen.moment, "file")}
    again = came_from_ids(tenant=group.tenant, event_id=event.pk, external_userids=ids, actor=SYSTEM)
    assert (again.came, rows.count()) == (0, known)


@pytest.fixture
def phone(client: Client, group: Group) -> Callable[..., Any]:
    """phone(token, customer, post=...): the page as that customer sees it in WeChat; None for a stranger."""
    from django.core import signing  # noqa: PLC0415

    from tenants import clock  # noqa: PLC0415

    def ask(token: str, customer: Any = None, post: dict[str, Any] | None = None) -> Any:
        client.cookies.clear()
        if customer is not None:
            told = {
                "external": customer.external_userid, "staff": "",
                "until": (clock.now() + timedelta(days=1)).isoformat(),
            }  # fmt: skip
            app = group.app
            assert app is not None
            client.cookies[f"qr_{app.pk}"] = signing.dumps(told, salt=f"{IDENTITY_SALT}.{app.pk}")
        url = f"/r/e/{token}"
        return client.post(url, post) if post is not None else client.get(url)

    return ask


def test_a_member_signs_up_and_checks_in_on_the_phone_page(
    phone: Callable[..., Any], group: Group, frozen: MovableClock
) -> None:
    event = planned(group)
    one = people_of(group)[0]
    page = phone(event.token, one)
    assert len(page.content) < 150_000
    assert "20:00" in page.content.decode()
    phone(event.token, one, post={})
    row = EventSignup.objects.get()
    assert (row.customer_id, row.signed_by, row.came_at) == (one.pk, "page", None)
    phone(event.check_in, one, post={})
    row.refresh_from_db()
    assert row.came_at is None  # five days too early
    frozen.set(STARTS + timedelta(minutes=5))
    phone(event.check_in, one, post={})
    row.refresh_from_db()
    assert row.came_by == "page"


def test_a_visitor_whom_wecom_does_not_name_signs_nobody_up(phone: Callable[..., Any], group: Group) -> None:
    event = planned(group)
    answer = phone(event.token, None, post={"customer": str(people_of(group)[0].pk)})
    assert answer.status_code == 200
    assert not EventSignup.objects.exists()
    assert phone("1-nothing-at-all-here").status_code == 404


def test_a_salon_needs_its_place_and_a_replay_its_event(group: Group, frozen: MovableClock) -> None:
    with pytest.raises(EventInvalid):
        planned(group, kind="salon", link="https://live.example.com/9", place=" ")
    assert planned(group, kind="salon", place="门店二楼").place == "门店二楼"
    event = planned(group)
    url = "https://video.example.com/9"
    with pytest.raises(EventInvalid):
        event_replay(tenant=group.tenant, event_id=event.pk, url=url, actor=SYSTEM)
    event_cancel(tenant=group.tenant, event_id=event.pk, reason="老师生病", actor=SYSTEM)
    frozen.set(STARTS + timedelta(hours=2))
    with pytest.raises(EventInvalid):
        event_replay(tenant=group.tenant, event_id=event.pk, url=url, actor=SYSTEM)
    assert not ValueEvent.objects.exclude(replay_url="").exists()


def test_only_attendees_who_answer_each_other_are_a_pair_in_talk(group: Group, frozen: MovableClock) -> None:
    event = planned(group)
    first, second, third, *_rest = people_of(group)
    frozen.set(STARTS + timedelta(hours=2))
    for one in (first, second):
        came_mark(
            tenant=group.tenant,
            event_id=event.pk,
            customer_id=one.pk,
            has_come=True,
            origin="hand",
            actor=SYSTEM,
        )
    for number, (who, minutes) in enumerate([(first, 1), (second, 3), (third, 5)]):
        Behaviour.objects.create(
            tenant=group.tenant, source="t", event_id=str(number), kind="message", customer=who, group=group,
            occurred_at=STARTS + timedelta(minutes=minutes),
        )  # fmt: skip
    assert talked_pairs(tenant=group.tenant, event=event) is None
    ArchiveCursor.objects.create(tenant=group.tenant, app=group.app, state="running")
    assert talked_pairs(tenant=group.tenant, event=event) == 1
