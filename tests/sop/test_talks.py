"""Broadcasts leave conversations behind: once a person, with a contact, within a day's measure, through the gate."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Exposure, Follow
from content.services.library import About, Said, material_save
from content.services.sensitive import words_put
from groups.models import Member
from sop.errors import ReasonMissing
from sop.models import Step, Touch, TouchRecipient
from sop.policies.talks import Heard, is_broadcast_machine, spread, talk_with
from sop.selectors.findings import version_findings
from sop.selectors.talks import heard_of, run_talk
from sop.services.certificate import certificate_make
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.staff import touch_submit
from sop.services.talks import talk_leave, talks_spawn
from team.models import Staff, WorkItem
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_follow
from tests.factories.team import make_staff
from tests.phone import hold_phone
from tests.sop.conftest import Camp

Make = Callable[..., Camp]
SILENT = {"talk_for": "silent", "talk_hours": 4, "talk_most": 2, "talk_text": "{customer}，今天的课看了吗？"}
NOON_BEFORE = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
_ids = st.frozensets(st.integers(1, 9))


@given(_ids, _ids, _ids, _ids)
def test_only_who_was_reached_is_talked_with_and_the_silent_are_the_rest(
    reached, clicked, replied, interacted
):
    heard = Heard(reached, clicked, replied, interacted)
    for kind, did in (("clicked", clicked), ("replied", replied), ("interacted", interacted)):
        assert talk_with(kind, heard) == did & reached
    assert talk_with("silent", heard) == reached - clicked - replied - interacted
    assert talk_with("", heard) == frozenset()


@given(
    st.lists(st.integers(1, 40), max_size=60),
    st.dictionaries(st.integers(1, 40), st.lists(st.integers(1, 4), max_size=3)),
    st.integers(1, 5),
    st.dictionaries(st.tuples(st.integers(1, 4), st.integers(0, 2)), st.integers(0, 6)),
)
def test_nobody_has_more_in_a_day_than_asked_and_each_person_one_with_a_contact(
    customers, followers, most, had
):
    slots = spread(customers=customers, followers=followers, first=[1], most_a_day=most, had=had)
    assert sorted(one.customer_id for one in slots) == sorted(
        one for one in set(customers) if followers.get(one)
    )
    assert all(one.staff_id in followers[one.customer_id] for one in slots)
    for place, count in Counter((one.staff_id, one.days) for one in slots).items():
        assert count + had.get(place, 0) <= most


def test_what_does_not_fit_a_day_falls_to_the_next_with_the_colleague_asked_for_first():
    slots = spread(
        customers=[5, 3, 4, 4, 6], followers={3: [1, 2], 4: [1], 5: [2], 6: [], 7: [1]}, first=[None, 1],
        most_a_day=1, had={(1, 0): 1, (2, 1): 1},
    )  # fmt: skip
    assert [(one.customer_id, one.staff_id, one.days) for one in slots] == [(3, 1, 1), (4, 1, 2), (5, 2, 0)]


def test_a_run_of_broadcasts_alone_is_flagged():
    assert [is_broadcast_machine(broadcasts=n, conversations=m) for n, m in ((5, 0), (4, 0), (5, 1))] == [
        True, False, False
    ]  # fmt: skip


def sent(camp: Make, frozen: MovableClock, groups: int = 1, **step: object) -> tuple[Camp, list[Touch]]:
    """A group broadcast that has gone out, with three people a group."""
    made = camp(steps=[{"text": "今晚八点直播", "is_service": True, **SILENT, **step}], groups=groups)
    with transaction.atomic():
        plan_apply(tenant=made.tenant, run=made.run)
    frozen.move(seconds=3600)
    dispatch_due(tenant_id=made.tenant.pk)
    touches = list(Touch.objects.order_by("pk"))
    for touch in touches:
        touch_submit(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM)
    return made, touches


def people() -> list[int]:
    return sorted(TouchRecipient.objects.filter(touch__is_talk=True).values_list("customer_id", flat=True))


@pytest.mark.integration
@pytest.mark.django_db
def test_the_silent_are_talked_with_after_the_hours_two_a_day_once_each(
    camp: Make, frozen: MovableClock
) -> None:
    made, (touch,) = sent(camp, frozen)
    frozen.move(minutes=239)
    assert talks_spawn(tenant=made.tenant) == 0
    frozen.move(minutes=2)
    assert talks_spawn(tenant=made.tenant) == 3
    assert people() == sorted(one.pk for one in made.people[0])
    days = Counter(
        clock.local_date(one.planned_at, "Asia/Shanghai").day for one in Touch.objects.filter(is_talk=True)
    )
    assert days == {2: 2, 3: 1}
    Touch.objects.filter(pk=touch.pk).update(talked_at=None)
    assert talks_spawn(tenant=made.tenant) == 0


@pytest.mark.integration
@pytest.mark.django_db
def test_who_replied_is_not_silent_and_who_has_no_contact_is_left_out(
    camp: Make, frozen: MovableClock
) -> None:
    made, _touches = sent(camp, frozen)
    first, second, third = made.people[0]
    frozen.move(minutes=5)
    make_behaviour(
        tenant=made.tenant,
        customer=first,
        kind="message",
        group_id=made.groups[0].pk,
        occurred_at=clock.now(),
    )
    Follow.objects.filter(customer=second).delete()
    frozen.move(hours=4)
    talks_spawn(tenant=made.tenant)
    assert people() == [third.pk]


@pytest.mark.integration
@pytest.mark.django_db
def test_a_conversation_passes_the_gate_stands_on_the_phone_and_ends_with_a_reason(
    camp: Make, frozen: MovableClock, client: Client
) -> None:
    made, _touches = sent(camp, frozen)
    frozen.move(hours=4, minutes=1)
    talks_spawn(tenant=made.tenant)
    frozen.move(seconds=5)
    dispatch_due(tenant_id=made.tenant.pk)
    talks = list(Touch.objects.filter(is_talk=True, state="handed").order_by("pk"))
    assert len(talks) == 2
    assert Exposure.objects.filter(touch_key=f"sop.touch:{talks[0].pk}").exists()
    assert "今天的课看了吗" in talks[0].text
    item = WorkItem.objects.get(source_kind="sop.touch", source_id=talks[0].pk)
    assert (item.state, item.staff_id) == ("open", made.staff.pk)
    phone = hold_phone(made.tenant, made.staff)
    where = f"/m/{made.tenant.slug}/send/{talks[0].pk}/"
    assert "今天的课看了吗" in phone.get(where).content.decode()
    with pytest.raises(ReasonMissing):
        talk_leave(tenant=made.tenant, touch_id=talks[0].pk, reason="", actor=SYSTEM)
    assert phone.post(f"{where}leave/", {"reason": "昨天刚聊过"}).status_code == 302
    talks[0].refresh_from_db()
    assert (talks[0].state, "昨天刚聊过" in talks[0].reason) == ("skipped", True)
    assert (
        sum(Exposure.objects.filter(touch_key=f"sop.touch:{talks[0].pk}").values_list("weight", flat=True))
        == 0
    )
    touch_submit(tenant=made.tenant, touch_id=talks[1].pk, actor=SYSTEM)
    told = run_talk(tenant=made.tenant, run=made.run)
    assert (told.broadcasts, told.conversations, told.waiting) == (1, 1, 1)
    client.force_login(User.objects.get(email="lin@example.com"))
    base = f"/t/{made.tenant.slug}/sop"
    assert "speech=conversation" in client.get(f"{base}/runs/{made.run.pk}/results/").content.decode()
    rows = client.get(f"{base}/touches/?run={made.run.pk}&speech=conversation").content.decode()
    assert f"/sop/touches/{talks[1].pk}/" in rows
    assert f"/sop/touches/{talks[0].pk}/" not in rows


@pytest.mark.integration
@pytest.mark.django_db
def test_only_what_answers_the_broadcast_itself_keeps_somebody_from_being_silent(
    camp: Make, frozen: MovableClock
) -> None:
    link = {"key": "大纲", "title": "大纲", "kind": "link", "url": "https://example.com/a"}
    made, (touch, _other) = sent(camp, frozen, groups=2, links=[link])
    elsewhere, clicked_another, left = made.people[0]
    frozen.move(minutes=5)
    did = {"tenant": made.tenant, "occurred_at": clock.now()}
    make_behaviour(customer=elsewhere, kind="message", group_id=made.groups[1].pk, **did)
    make_behaviour(customer=clicked_another, kind="link_click", object_id="别的链接", **did)
    Member.objects.filter(customer=left).update(left_at=clock.now())
    heard = heard_of(touch=touch, since=NOON_BEFORE)
    assert heard.reached == {elsewhere.pk, clicked_another.pk}
    assert not heard.clicked | heard.replied


@pytest.mark.integration
@pytest.mark.django_db
def test_a_colleague_who_left_the_company_gets_no_conversation_and_days_gone_take_no_place(
    camp: Make, frozen: MovableClock
) -> None:
    made, _touches = sent(camp, frozen, talk_most=3)
    gone = make_staff(tenant=made.tenant, app=made.groups[0].app, userid="gone", name="离职的")
    Staff.objects.filter(pk=gone.pk).update(is_active=False)
    stranger = made.people[0][0]
    Follow.objects.filter(customer=stranger).delete()
    make_follow(tenant=made.tenant, customer=stranger, staff=gone)
    frozen.move(hours=4, minutes=1)
    assert talks_spawn(tenant=made.tenant) == 2
    assert stranger.pk not in people()


@pytest.mark.integration
@pytest.mark.django_db
def test_a_run_that_only_broadcasts_says_so(camp: Make, frozen: MovableClock, client: Client) -> None:
    made, (touch,) = sent(camp, frozen)
    Touch.objects.bulk_create(
        Touch(
            tenant=made.tenant, run=made.run, step=made.step, group=touch.group, staff=touch.staff,
            occurrence=f"x{n}", channel="group_forward", planned_at=touch.planned_at, due_at=touch.due_at,
            window_ends_at=touch.window_ends_at, state="confirmed", done_at=clock.now(),
        )
        for n in range(4)
    )  # fmt: skip
    client.force_login(User.objects.get(email="lin@example.com"))
    page = f"/t/{made.tenant.slug}/sop/runs/{made.run.pk}/results/"
    assert "TALK-02" in client.get(page).content.decode()
    Step.objects.update(opens_talk=True)
    assert "TALK-02" not in client.get(page).content.decode()


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_eight_workers_plan_each_conversation_once(camp: Make, frozen: MovableClock) -> None:
    made, _touches = sent(camp, frozen, groups=2)
    frozen.move(seconds=int(timedelta(hours=4, minutes=1).total_seconds()))

    def spawn(_number: int) -> int:
        try:
            with tenant_scope(made.tenant):
                return talks_spawn(tenant=made.tenant)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(spawn, range(8)))
    everyone = sorted(one.pk for some in made.people for one in some)
    assert (sum(counts), people()) == (len(everyone), everyone)


def _talks(made: Camp, frozen: MovableClock) -> list[Touch]:
    """The conversations of a broadcast that went out, as they are due."""
    frozen.move(hours=4, minutes=1)
    talks_spawn(tenant=made.tenant)
    frozen.move(seconds=5)
    dispatch_due(tenant_id=made.tenant.pk)
    return list(Touch.objects.filter(is_talk=True, due_at__lte=clock.now()).order_by("pk"))


@pytest.mark.integration
@pytest.mark.django_db
def test_the_certificate_counts_conversations_as_the_gate_does(camp: Make, frozen: MovableClock) -> None:
    made, _touches = sent(camp, frozen)
    assert {one.state for one in _talks(made, frozen)} == {"handed"}
    day = clock.local_date(clock.now(), made.tenant.timezone)
    row = certificate_make(tenant=made.tenant, day=day)
    assert (row.faults, row.touches, row.exposures) == ([], 2, 2)


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.parametrize(("words", "state"), [("保本，信我", "blocked"), ("独家一份，要吗", "handed")])
def test_the_words_of_a_conversation_are_read_before_it_is_handed_over(
    camp: Make, frozen: MovableClock, words: str, state: str
) -> None:
    made, _touches = sent(camp, frozen, talk_text=words)
    talks = _talks(made, frozen)
    assert {one.state for one in talks} == {state}
    said = {(one.rule_code, tuple(one.warned)) for one in talks}
    assert said == {("WORDS-01", ()) if state == "blocked" else ("", ("独家",))}


@pytest.mark.integration
@pytest.mark.django_db
def test_a_version_whose_conversations_hold_a_refused_word_or_an_unfilled_name_says_so(camp: Make) -> None:
    made = camp(steps=[{"text": "今晚八点", **SILENT, "talk_text": "{客户称呼}，{链接:课}，小班"}])
    words_put(tenant=made.tenant, words="小班", does="refuse", hint="写清人数", actor=SYSTEM)
    stops = {one.code for one in version_findings(made.version) if one.stops}
    assert {"WORDS-01", "VAR-01"} <= stops


@pytest.mark.integration
@pytest.mark.django_db
def test_a_conversation_counts_for_no_material_of_its_step(camp: Make, frozen: MovableClock) -> None:
    made, _touches = sent(camp, frozen)
    material = material_save(
        tenant=made.tenant,
        actor=SYSTEM,
        about=About(),
        said=Said(kind="value", title="预告", text="今晚八点直播"),
    )
    Step.objects.update(material=material)
    assert {one.material_id for one in _talks(made, frozen)} == {None}
