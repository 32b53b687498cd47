"""A planned message that a colleague sends as a mass send of their own is one message, proven by it (R54, R58)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from contacts.models import Customer, ExposureDay, GroupDay
from groups import handlers as groups_handlers
from outbox.models import EventRow
from sop.models import Touch, TouchProof, TouchRecipient
from sop.services.certificate import certificate_make
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.proving import messages_prove
from sop.services.results import handed_expire
from sop.tasks import own_sends_early
from sop.templatetags.sop import proof
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from tests.sop.test_own_sends import MONDAY
from tests.sop.test_proofs import say
from tests.sop.test_services_dispatch import AT_10
from wecom.events import OwnSendsReached
from wecom.inbox import wake
from wecom.models import OwnReach, PersonalSend
from wecom.sending.own_reach import Told, reach_note

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
WORDS = "今晚八点直播，讲孩子怎样背单词不费劲，妈妈们记得来。"
LATER = AT_10 + timedelta(minutes=20)


def handed(camp: Make, frozen: MovableClock, channel: str = "staff_task", **more: object) -> Camp:
    made = camp(steps=[{"channel": channel, "text": WORDS, "window_minutes": 60}], **more)
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    dispatch_due(tenant_id=made.tenant.pk)
    return made


def sent(
    made: Camp, kind: str, *receivers: str, words: str = WORDS, msgid: str = "m1", at: datetime = LATER,
    sender: str = "linxiao",
) -> None:  # fmt: skip
    """WeCom told of a mass send and what it says, and the handler heard it, twice."""
    PersonalSend.objects.get_or_create(
        tenant=made.tenant,
        app=made.groups[0].app,
        msgid=msgid,
        chat_type=kind,
        creator=sender,
        words=words,
        made_at=at,
    )
    reach_note(
        tenant_id=made.tenant.pk,
        kind=kind,
        msgid=msgid,
        sender=sender,
        told=[Told(one, at) for one in receivers],
    )
    for row in EventRow.objects.filter(name="wecom.own_sends.reached"):
        event = OwnSendsReached(tenant_id=made.tenant.pk, occurred_at=at, reach_ids=row.payload["reach_ids"])
        for _twice in range(2):
            groups_handlers.on_own_sends_reached(tenant_id=made.tenant.pk, events=[event])


def day_counts(people: list[Customer]) -> list[int]:
    """Messages of the day of each, by the gate's counters; the night's second count agrees."""
    row = certificate_make(tenant=people[0].tenant, day=MONDAY)
    assert (row.fault_count, row.faults) == (0, [])
    counts = dict(ExposureDay.objects.values_list("customer", "count"))
    return [counts.get(one.pk, 0) for one in people]


def external(people: list[Customer]) -> list[str]:
    return [one.external_userid for one in people]


def test_a_private_message_sent_as_an_own_mass_send_counts_once_and_is_proven(
    camp: Make, frozen: MovableClock
) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    sent(made, "single", *external(made.people[0]), words=f"姐妹们，{WORDS}")
    assert day_counts(made.people[0]) == [1, 1, 1]
    touch = Touch.objects.get()
    assert (touch.state, touch.done_at) == ("confirmed", LATER)
    with override("zh-hans"):
        assert proof(touch).startswith("员工自行群发")
    assert set(TouchRecipient.objects.values_list("state", "at")) == {("sent", LATER)}


def test_a_group_message_sent_as_an_own_mass_send_counts_once(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen, channel="group_forward", groups=2)
    frozen.set(LATER)
    sent(made, "group", made.groups[0].chat_id)
    assert day_counts(made.people[0] + made.people[1]) == [1] * 6
    assert set(GroupDay.objects.values_list("count", flat=True)) == {1}
    assert dict(Touch.objects.values_list("group__name", "state")) == {
        "启蒙01群": "confirmed", "启蒙02群": "handed"
    }  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"words": "明天不上课，后天照旧，记得告诉孩子。"},
        {"sender": "zhoulan"},
        {"at": AT_10 - timedelta(hours=2, minutes=1)},
        {"at": AT_10 + timedelta(minutes=61)},
    ],
)
def test_other_words_another_sender_or_another_time_is_a_message_more(
    camp: Make, frozen: MovableClock, other: dict[str, object]
) -> None:
    made = handed(camp, frozen)
    frozen.set(AT_10 + timedelta(minutes=59))
    sent(made, "single", *external(made.people[0]), **other)
    assert day_counts(made.people[0]) == [2, 2, 2]
    assert Touch.objects.get().state == "handed"


def told(made: Camp, at: datetime) -> None:
    """A colleague sends the planned words to everybody by themselves, and WeCom tells it now."""
    sent(made, "single", *external(made.people[0]), at=at)


@pytest.mark.parametrize("minutes", [1, 120])
def test_a_colleague_who_sends_the_planned_words_before_the_task_comes_sent_them_once(
    camp: Make, frozen: MovableClock, minutes: int
) -> None:
    made = camp(steps=[{"channel": "staff_task", "text": WORDS, "window_minutes": 60}])
    early = AT_10 - timedelta(minutes=minutes)
    frozen.set(early)
    plan_apply(tenant=made.tenant, run=made.run)
    told(made, early)
    assert day_counts(made.people[0]) == [1, 1, 1]
    assert Touch.objects.get().state == "planned"
    frozen.set(AT_10)
    dispatch_due(tenant_id=made.tenant.pk)
    own_sends_early(tenant_id=made.tenant.pk)
    assert day_counts(made.people[0]) == [1, 1, 1]
    touch = Touch.objects.get()
    assert (touch.state, touch.done_at) == ("confirmed", AT_10)
    assert set(TouchRecipient.objects.values_list("state", "at")) == {("sent", early)}


def test_an_early_send_that_wecom_tells_of_late_is_the_planned_message_too(
    camp: Make, frozen: MovableClock
) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    told(made, AT_10 - timedelta(minutes=30))
    assert day_counts(made.people[0]) == [1, 1, 1]
    assert (Touch.objects.get().state, Touch.objects.get().done_at) == ("confirmed", AT_10)


@pytest.mark.parametrize(("minutes", "looks"), [(30, 1), (150, 0)])
def test_a_hand_over_has_what_was_sent_just_before_looked_at(
    camp: Make, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch, minutes: int, looks: int
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(wake, "tick", lambda _what, task, _tenant_id: woken.append(task))
    made = camp(steps=[{"channel": "staff_task", "text": WORDS, "window_minutes": 60}])
    frozen.set(AT_10 - timedelta(minutes=minutes))
    plan_apply(tenant=made.tenant, run=made.run)
    told(made, AT_10 - timedelta(minutes=minutes))
    frozen.set(AT_10)
    dispatch_due(tenant_id=made.tenant.pk)
    assert woken == ["sop.own_sends_early"] * looks


def test_what_the_archive_proves_late_counts_beside_no_send_that_carried_it_out(
    camp: Make, frozen: MovableClock
) -> None:
    """One of three was written to by an own send; the task was given up; then the archive tells of the other two."""
    made = handed(camp, frozen)
    frozen.set(LATER)
    first, *others = external(made.people[0])
    sent(made, "single", first)
    late = AT_10 + timedelta(days=2)
    frozen.set(late)
    handed_expire(tenant_id=made.tenant.pk)
    assert day_counts(made.people[0]) == [1, 0, 0]
    ago = int((late - LATER).total_seconds())
    spoken = [
        say(made, "linxiao", WORDS, to=(one,), number=number, ago=ago)
        for number, one in enumerate(others, start=1)
    ]
    for _twice in range(2):
        messages_prove(tenant_id=made.tenant.pk, app_id=made.groups[0].app_id, message_ids=spoken)
    assert Touch.objects.get().state == "confirmed"
    assert day_counts(made.people[0]) == [1, 1, 1]
    assert list(OwnReach.objects.values_list("counts", flat=True)) == [False]


def test_the_same_words_twice_are_two_messages(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    sent(made, "single", *external(made.people[0]))
    sent(made, "single", *external(made.people[0][:1]), msgid="m2", at=LATER + timedelta(minutes=3))
    assert day_counts(made.people[0]) == [2, 1, 1]


def test_the_rest_of_its_people_later_belong_to_it_too(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    first, second, third = external(made.people[0])
    sent(made, "single", first, second)
    assert Touch.objects.get().state == "confirmed"
    sent(made, "single", third, msgid="m2", at=LATER + timedelta(minutes=9))
    assert day_counts(made.people[0]) == [1, 1, 1]
    assert set(TouchRecipient.objects.values_list("state", flat=True)) == {"sent"}


def test_whom_the_plan_did_not_mean_counts_by_itself(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    stranger = Customer.objects.create(
        tenant=made.tenant, app=made.groups[0].app, external_userid="wmElse", name="旁人"
    )
    sent(made, "single", *external(made.people[0]), "wmElse")
    assert day_counts([*made.people[0], stranger]) == [1, 1, 1, 1]


def test_what_was_counted_before_the_plan_was_looked_at_is_given_back(
    camp: Make, frozen: MovableClock
) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    PersonalSend.objects.create(
        tenant=made.tenant, app=made.groups[0].app, msgid="m1", chat_type="single", creator="linxiao", words=WORDS,
        made_at=LATER,
    )  # fmt: skip
    told = [Told(one, LATER) for one in external(made.people[0])]
    reach_note(tenant_id=made.tenant.pk, kind="single", msgid="m1", sender="linxiao", told=told)
    certificate_make(tenant=made.tenant, day=MONDAY)  # heard first, under the gate's hold
    assert set(ExposureDay.objects.values_list("count", flat=True)) == {2}
    sent(made, "single", *external(made.people[0]))
    assert day_counts(made.people[0]) == [1, 1, 1]


def test_the_archive_and_wecom_tell_of_one_message_or_of_two(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    people = external(made.people[0])
    spoken = [
        say(made, "linxiao", WORDS, to=(one,), number=number, ago=ago)
        for number, (one, ago) in enumerate(zip(people, (0, 0, 600), strict=True), start=1)
    ]
    messages_prove(tenant_id=made.tenant.pk, app_id=made.groups[0].app_id, message_ids=spoken)
    assert Touch.objects.get().state == "confirmed"
    sent(made, "single", *people)
    assert day_counts(made.people[0]) == [1, 1, 2]


def test_a_task_given_up_leaves_what_was_sent_counted(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen)
    frozen.set(LATER)
    sent(made, "single", *external(made.people[0][:1]))
    assert day_counts(made.people[0]) == [1, 1, 1]
    frozen.set(AT_10 + timedelta(days=2))
    handed_expire(tenant_id=made.tenant.pk)
    assert Touch.objects.get().state == "expired"
    assert day_counts(made.people[0]) == [1, 0, 0]
    assert list(OwnReach.objects.values_list("counts", flat=True)) == [True]
    assert TouchProof.objects.count() == 1
