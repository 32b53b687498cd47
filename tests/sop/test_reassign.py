"""Open touches go to a colleague who may do them, are refused with why, and come back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from sop.enums import Channel, TouchState
from sop.errors import CannotTake, ReasonMissing, TouchFixed
from sop.models import Reassignment, Touch, TouchRecipient
from sop.policies.reassign import Colleague, Held, Refusal, refusal
from sop.selectors.reassign import matches
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.reassign import leavers_propose, reassign_undo, touches_reassign
from sop.services.staff import bundle_submit
from team.models import DayOff, Notice, Staff, WorkItem
from team.services import profile_set
from team.services.notices import work_tell
from tenants import clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.groups import make_member
from tests.factories.team import make_staff
from tests.phone import hold_phone
from tests.sop.conftest import Camp, befriend

Make = Callable[..., Camp]
integration = [pytest.mark.integration, pytest.mark.django_db]


@given(
    st.sampled_from(TouchState.values), st.sampled_from(Channel.values), st.booleans(),
    st.frozensets(st.integers(1, 3)), st.frozensets(st.integers(1, 2)), st.frozensets(st.integers(1, 3)),
)  # fmt: skip
def test_who_may_take_a_touch_can_send_it(state, channel, at_wecom, people, seats, contacts):
    touch = Held(state, channel, 1, 1, at_wecom, people)
    found = refusal(touch, Colleague(2, seats, contacts))
    if found is None:
        assert state in ("planned", "handed")
        assert channel != "group_mass"
        assert not at_wecom
        assert channel != "group_forward" or 1 in seats
        assert channel not in ("staff_task", "private_mass") or (people <= contacts if people else 1 in seats)
    assert refusal(touch, Colleague(1, seats, contacts)) is not None


ME = Colleague(2, frozenset({1}), frozenset({1, 2}))


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        (Held("handed", "staff_task", 1, 9, False, frozenset({1, 2})), None),
        (Held("handed", "staff_task", 1, 1, False, frozenset({1, 3})), Refusal.NO_CONTACT),
        (Held("planned", "private_mass", 1, 1, False, frozenset()), None),
        (Held("planned", "private_mass", 1, 9, False, frozenset()), Refusal.NOT_IN_GROUP),
        (Held("planned", "private_mass", 1, None, False, frozenset()), None),
        (Held("handed", "private_mass", 1, 1, True, frozenset({1})), Refusal.AT_WECOM),
        (Held("planned", "group_mass", 1, 1, False, frozenset()), Refusal.OWNER_ONLY),
        (Held("planned", "group_forward", 1, 9, False, frozenset()), Refusal.NOT_IN_GROUP),
        (Held("planned", "group_forward", 1, 1, False, frozenset()), None),
        (Held("handed", "call", 1, 9, False, frozenset({3})), None),
        (Held("submitted", "call", 1, 1, False, frozenset()), Refusal.NOT_OPEN),
        (Held("planned", "call", 2, 1, False, frozenset()), Refusal.SAME),
    ],
)
def test_each_touch_is_refused_with_its_own_reason(touch, why):
    assert refusal(touch, ME) == why


def ground(
    camp: Make, frozen: MovableClock, *, dispatch: bool = True, groups: int = 3, **step: object
) -> tuple[Camp, Staff]:
    """A camp whose second person sits in the first two groups."""
    made = camp(steps=[{"window_minutes": 120, "is_service": True, **step}], groups=groups)
    other = make_staff(tenant=made.tenant, app=made.groups[0].app, userid="hejing", name="何静")
    for group in made.groups[:2]:
        make_member(group=group, staff=other)
    with transaction.atomic():
        plan_apply(tenant=made.tenant, run=made.run)
    if dispatch:
        frozen.move(seconds=3600)
        dispatch_due(tenant_id=made.tenant.pk)
    return made, other


def give(made: Camp, ids: list[int], to: Staff, actor: Actor = SYSTEM):
    return touches_reassign(tenant=made.tenant, touch_ids=ids, staff_id=to.pk, reason="林晓请假", actor=actor)


def tasks() -> dict[int, tuple[str, int | None]]:
    rows = WorkItem.objects.filter(source_kind="sop.touch").values_list("source_id", "state", "staff_id")
    return {source: (state, staff) for source, state, staff in rows}


class TestGiving:
    pytestmark = integration

    def test_who_sits_in_the_group_gets_it_and_who_does_not_is_told_why(
        self, camp: Make, frozen: MovableClock
    ) -> None:
        made, other = ground(camp, frozen)
        first, second, third = Touch.objects.order_by("pk")
        done = give(made, [first.pk, second.pk, third.pk], other)
        assert (done.moved, [(one.pk, why) for one, why in done.refused]) == (
            2,
            [(third.pk, Refusal.NOT_IN_GROUP)],
        )
        assert list(Touch.objects.order_by("pk").values_list("staff_id", flat=True)) == [
            other.pk, other.pk, made.staff.pk
        ]  # fmt: skip
        assert tasks() == {first.pk: ("open", other.pk), third.pk: ("open", made.staff.pk)}
        work_tell(tenant_id=made.tenant.pk)
        assert Notice.objects.filter(kind="task", staff=other).count() == 1
        assert AuditEntry.objects.filter(verb="sop.touch.reassigned").count() == 2
        with pytest.raises(CannotTake):
            give(made, [third.pk], other)
        with pytest.raises(ReasonMissing):
            touches_reassign(
                tenant=made.tenant, touch_ids=[third.pk], staff_id=other.pk, reason=" ", actor=SYSTEM
            )

    def test_it_comes_back_whole_and_what_is_done_does_not(self, camp: Make, frozen: MovableClock) -> None:
        made, other = ground(camp, frozen, groups=2)
        first, second = Touch.objects.order_by("pk")
        done = give(made, [first.pk], other)
        assert done.batch is not None
        assert tasks() == {first.pk: ("open", other.pk), second.pk: ("open", made.staff.pk)}
        assert reassign_undo(tenant=made.tenant, batch_id=done.batch.pk, actor=SYSTEM) == 1
        assert reassign_undo(tenant=made.tenant, batch_id=done.batch.pk, actor=SYSTEM) == 0
        assert tasks()[first.pk] == ("open", made.staff.pk)
        again = give(made, [first.pk], other)
        bundle_submit(tenant=made.tenant, bundle=first.pk, actor=SYSTEM)
        assert again.batch is not None
        with pytest.raises(TouchFixed):
            reassign_undo(tenant=made.tenant, batch_id=again.batch.pk, actor=SYSTEM)

    def test_a_private_chat_needs_a_contact_of_its_people(self, camp: Make, frozen: MovableClock) -> None:
        made, other = ground(camp, frozen, groups=1, channel="staff_task")
        touch = Touch.objects.get()
        with pytest.raises(CannotTake):
            give(made, [touch.pk], other)
        befriend(other, made.people[0])
        assert TouchRecipient.objects.count() == 3
        assert give(made, [touch.pk], other).moved == 1

    def test_what_is_planned_is_sent_by_the_colleague(self, camp: Make, frozen: MovableClock) -> None:
        made, other = ground(camp, frozen, dispatch=False, groups=1)
        give(made, [Touch.objects.get().pk], other)
        frozen.move(seconds=3600)
        dispatch_due(tenant_id=made.tenant.pk)
        assert Touch.objects.values_list("state", "staff_id").get() == ("handed", other.pk)

    def test_sales_give_away_only_their_own(self, camp: Make, frozen: MovableClock) -> None:
        made, other = ground(camp, frozen, groups=1)
        may = frozenset({Permission.WORK})
        with pytest.raises(NotPermitted):
            give(made, [Touch.objects.get().pk], other, Actor.of_staff(other.pk, "何静", may))
        assert (
            give(made, [Touch.objects.get().pk], other, Actor.of_staff(made.staff.pk, "林晓", may)).moved == 1
        )

    def test_a_leavers_open_touches_stand_before_the_leads_until_given(
        self, camp: Make, frozen: MovableClock
    ) -> None:
        made, other = ground(camp, frozen, groups=2)
        Staff.objects.filter(pk=made.staff.pk).update(is_active=False)
        assert leavers_propose(tenant=made.tenant) == 1
        item = WorkItem.objects.get(source_kind="sop.left")
        assert (item.state, "何静 2/2" in item.detail) == ("open", True)
        give(made, list(Touch.objects.values_list("pk", flat=True)), other)
        item.refresh_from_db()
        assert item.state == "done"

    def test_only_what_the_colleague_still_holds_comes_back_and_nobody_gives_away_others(
        self, camp: Make, frozen: MovableClock
    ) -> None:
        made, other = ground(camp, frozen, dispatch=False, groups=3)
        first, second, third = Touch.objects.order_by("pk")
        done = give(made, [first.pk, second.pk], other)
        assert done.batch is not None
        give(made, [second.pk], made.staff)
        Touch.objects.filter(pk=second.pk).update(staff=None)
        assert reassign_undo(tenant=made.tenant, batch_id=done.batch.pk, actor=SYSTEM) == 1
        assert Touch.objects.get(pk=second.pk).staff_id is None
        again = give(made, [first.pk], other)
        assert again.batch is not None
        sales = Actor(kind="staff", id=other.pk, name="何静", permissions=frozenset({Permission.WORK}))
        with pytest.raises(NotPermitted):
            give(made, [first.pk, third.pk], made.staff, actor=sales)

    def test_a_leavers_next_seven_days_stand_before_the_leads_and_no_later_ones(
        self, camp: Make, frozen: MovableClock
    ) -> None:
        made, _other = ground(camp, frozen, dispatch=False, groups=1)
        Staff.objects.filter(pk=made.staff.pk).update(is_active=False)
        now = clock.now()
        for ahead, found in ((timedelta(days=7), 0), (timedelta(days=7, seconds=-1), 1)):
            Touch.objects.update(due_at=now + ahead)
            assert leavers_propose(tenant=made.tenant) == found
        Touch.objects.update(due_at=now + timedelta(days=8))
        leavers_propose(tenant=made.tenant)
        assert WorkItem.objects.get(source_kind="sop.left").state == "done"

    def test_by_the_pages_and_the_phone(self, camp: Make, frozen: MovableClock, client: Client) -> None:
        made, other = ground(camp, frozen, groups=2)
        first, second = Touch.objects.order_by("pk")
        client.force_login(User.objects.get(email="lin@example.com"))
        base = f"/t/{made.tenant.slug}/sop/touches/"
        shown = client.post(f"{base}give/", {"pick": [first.pk, second.pk]}).content.decode()
        assert "何静 (2/2)" in shown
        assert (
            client.post(
                f"{base}give/", {"picked": f"{first.pk}", "staff": other.pk, "reason": ""}
            ).status_code
            == 422
        )
        sent = {"picked": f"{first.pk}", "staff": other.pk, "reason": "请假"}
        assert client.post(f"{base}give/", sent).status_code == 302
        batch = Reassignment.objects.get()
        assert client.post(f"{base}give/{batch.pk}/undo/").status_code == 302
        phone = hold_phone(made.tenant, made.staff)
        where = f"/m/{made.tenant.slug}/send/{second.pk}/"
        assert f'action="{where}give/"' in phone.get(where).content.decode()
        assert phone.post(f"{where}give/", {"staff": other.pk, "reason": "请假"}).status_code == 302
        owners = list(Touch.objects.order_by("pk").values_list("staff_id", flat=True))
        assert owners == [made.staff.pk, other.pk]
        assert client.get(f"{base}give/?touch={first.pk}").status_code == 200

    def test_who_suits_the_links_and_is_at_work_then_is_asked_first(
        self, camp: Make, frozen: MovableClock, client: Client
    ) -> None:
        made, carer = ground(camp, frozen, dispatch=False, groups=1, link=4)
        closer, plain = (
            make_staff(tenant=made.tenant, app=made.groups[0].app, userid=name, name=name)
            for name in ("b", "c")
        )
        for one in (closer, plain):
            make_member(group=made.groups[0], staff=one)
        for one, kind in ((carer, "operations"), (closer, "sales")):
            profile_set(tenant=made.tenant, staff_id=one.pk, kind=kind, actor=SYSTEM)

        def offered() -> list[tuple[str, list[str]]]:
            with override("en"):
                found = matches(tenant=made.tenant, touches=[Touch.objects.select_related("step").get()])
                return [(str(one.staff), one.notes) for one in found if one.taken]

        sold, cared = "suggested: Pure sales", "Operations-minded"
        assert offered() == [("b", [sold]), ("c", []), ("何静", [cared])]
        made.version.steps.update(link=2)
        assert offered() == [("何静", [f"suggested: {cared}"]), ("c", []), ("b", ["Pure sales"])]
        made.version.steps.update(link=None)
        assert [notes for _who, notes in offered()] == [["Pure sales"], [], [cared]]
        made.version.steps.update(link=4)
        DayOff.objects.create(tenant=made.tenant, staff=closer, day=Touch.objects.get().due_at.date())
        assert offered() == [("c", []), ("何静", [cared]), ("b", [sold, "not at work then"])]
        client.force_login(User.objects.get(email="lin@example.com"))
        User.objects.update(language="en")
        shown = client.get(f"/t/{made.tenant.slug}/sop/touches/give/?touch={Touch.objects.get().pk}")
        assert f"b · {sold} · not at work then</option>" in shown.content.decode()
        assert "never a label for pay" in shown.content.decode()
        made.version.steps.update(link=2)
        frozen.move(seconds=3600)
        dispatch_due(tenant_id=made.tenant.pk)
        phone = hold_phone(made.tenant, made.staff)
        asked = phone.get(f"/m/{made.tenant.slug}/send/{Touch.objects.get().pk}/").content.decode()
        assert f"何静 · suggested: {cared}</option>" in asked

    def test_who_may_take_more_comes_first_and_for_late_ones_who_works_now(
        self, camp: Make, frozen: MovableClock
    ) -> None:
        made, wide = ground(camp, frozen, dispatch=False, groups=2, link=4)
        narrow = make_staff(tenant=made.tenant, app=made.groups[0].app, userid="b", name="b")
        make_member(group=made.groups[0], staff=narrow)
        profile_set(tenant=made.tenant, staff_id=narrow.pk, kind="sales", actor=SYSTEM)

        def asked() -> list[tuple[Staff, bool]]:
            found = matches(tenant=made.tenant, touches=list(Touch.objects.select_related("step")))
            return [(one.staff, one.is_on) for one in found if one.taken]

        assert asked() == [(wide, True), (narrow, True)]
        DayOff.objects.create(tenant=made.tenant, staff=wide, day=clock.now().date())
        assert asked() == [(wide, False), (narrow, True)]
        frozen.move(days=1)
        assert asked() == [(wide, True), (narrow, True)]


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_eight_hands_giving_and_taking_leave_one_task_a_touch(camp: Make, frozen: MovableClock) -> None:
    made, other = ground(camp, frozen, groups=2)
    ids = list(Touch.objects.order_by("pk").values_list("pk", flat=True))

    def hand(number: int) -> None:
        try:
            with tenant_scope(made.tenant):
                give(
                    made,
                    ids if number % 2 else [ids[number // 2 % 2]],
                    other if number % 4 < 3 else made.staff,
                )
        except CannotTake:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hand, range(8)))
    for touch in Touch.objects.all():
        item = WorkItem.objects.get(source_kind="sop.touch", source_id=touch.bundle)
        assert (item.state, item.staff_id) == ("open", touch.staff_id)
    open_now = WorkItem.objects.filter(source_kind="sop.touch", state="open")
    assert {one.source_id for one in open_now} == set(Touch.objects.values_list("bundle", flat=True))
