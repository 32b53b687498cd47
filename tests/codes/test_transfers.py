"""Customers change hands through WeCom on the real simulator: asked, answered, refused, looked at, asked again."""

from datetime import timedelta

import pytest

from contacts.enums import FollowState, TransferState
from contacts.models import CustomerTransfer, Follow
from contacts.policies.transfers import CAME_BACK
from contacts.services.transfers import transfers_again, transfers_rest
from contacts.services.transfers_back import BACK
from contacts.services.transfers_look import transfers_go_on
from team.models import Staff, WorkItem
from team.services import staff_deactivate
from team.services.handover import LEAVER, handover_run, holdings
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.codes.conftest import World, world  # noqa: F401
from tests.factories.tenants import make_member
from tests.waiting import wait_until
from tests.wecom.conftest import _clean_door, live, product_url, queued, simulator, simulator_process  # noqa: F401

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead_actor(world):  # noqa: F811
    with tenant_scope(world.tenant):
        member = make_member(tenant=world.tenant, role=Role.LEADER)
    return Actor.of_user(member.user, PERMISSIONS[Role.LEADER])


def giver_of(world, least=3) -> Staff:  # noqa: F811
    """A colleague with several friends."""
    for one in world.staff:
        if Follow.objects.filter(staff=one, state=FollowState.FULL).count() >= least:
            return one
    raise AssertionError("nobody has so many friends")


def hand(world, giver, taker, actor) -> int:  # noqa: F811
    moved = handover_run(
        tenant=world.tenant, staff_id=giver.pk, takers={"customers": taker.pk}, reason="转岗", actor=actor
    )
    return moved["customers"]


def states(giver) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in CustomerTransfer.objects.filter(giver=giver).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def fails(world, row, reason="customer_refused") -> None:  # noqa: F811
    """The customer's side ends it; WeCom's callback has come and is processed."""
    world.act("transfer/fail", external_userid=row.customer.external_userid, reason=reason)

    def is_heard() -> bool:
        world.settle()
        with tenant_scope(world.tenant):
            return CustomerTransfer.objects.filter(pk=row.pk, state__in=CAME_BACK).exists()

    wait_until(is_heard, "the callback of a failed hand-over is processed")


def later(world, monkeypatch, **span) -> None:  # noqa: F811
    """Time goes on here and at WeCom."""
    moment = clock.now() + timedelta(**span)
    monkeypatch.setattr(clock, "now", lambda: moment)
    world.vendor.set_time(moment)


def test_all_customers_wait_a_day_and_are_the_receivers_then(world, lead_actor, monkeypatch):  # noqa: F811
    with tenant_scope(world.tenant):
        giver = giver_of(world)
        taker = next(one for one in world.staff if one.pk != giver.pk)
        count = hand(world, giver, taker, lead_actor)
        assert hand(world, giver, taker, lead_actor) == 0, "twice asks once"
    world.settle()
    with tenant_scope(world.tenant):
        assert states(giver) == {TransferState.WAITING: count}
        assert (
            next(
                one.count
                for one in holdings(tenant=world.tenant, staff=giver)
                if one.part.code == "customers"
            )
            == 0
        )
    later(world, monkeypatch, hours=25)
    with tenant_scope(world.tenant):
        transfers_go_on(tenant_id=world.tenant.pk)
        assert states(giver) == {TransferState.DONE: count}
        assert not Follow.objects.filter(staff=giver, state=FollowState.FULL).exists()
        people = CustomerTransfer.objects.filter(giver=giver).values_list("customer_id", flat=True)
        friends = Follow.objects.filter(staff=taker, state=FollowState.FULL, customer_id__in=people)
        assert friends.count() == count
    assert world.calls("externalcontact/transfer_customer") == -(-count // 100)


def test_who_refuses_comes_back_to_the_lead_who_asks_again_or_lets_them_be(
    world,  # noqa: F811
    lead_actor,
):
    with tenant_scope(world.tenant):
        giver = giver_of(world)
        taker, other = [one for one in world.staff if one.pk != giver.pk][:2]
        count = hand(world, giver, taker, lead_actor)
    world.settle()
    with tenant_scope(world.tenant):
        refused, full = (
            CustomerTransfer.objects.filter(giver=giver).select_related("customer").order_by("pk")[:2]
        )
    for row, reason in ((refused, "customer_refused"), (full, "customer_limit_exceed")):
        fails(world, row, reason)
    with tenant_scope(world.tenant):
        assert states(giver) == {
            TransferState.REFUSED: 1, TransferState.LIMIT: 1, TransferState.WAITING: count - 2,
        }  # fmt: skip
        item = WorkItem.objects.get(source_kind=BACK, source_id=giver.pk)
        assert (item.state, "2" in item.detail) == ("open", True)
        asked = transfers_again(
            tenant=world.tenant,
            giver_id=giver.pk,
            transfer_ids=[refused.pk],
            taker_id=other.pk,
            actor=lead_actor,
        )
        rested = transfers_rest(
            tenant=world.tenant,
            giver_id=giver.pk,
            transfer_ids=[full.pk],
            reason="客户不再购买",
            actor=lead_actor,
        )
        assert (asked, rested) == (1, 1)
        item.refresh_from_db()
        assert item.state == "done"
    world.settle()
    with tenant_scope(world.tenant):
        refused.refresh_from_db()
        assert (refused.state, refused.taker_id, refused.attempt) == (TransferState.WAITING, other.pk, 2)


def test_a_third_time_in_90_days_waits_for_its_day_and_is_asked_then(world, lead_actor, monkeypatch):  # noqa: F811
    with tenant_scope(world.tenant):
        giver = giver_of(world)
        taker = next(one for one in world.staff if one.pk != giver.pk)
        hand(world, giver, taker, lead_actor)
        row = CustomerTransfer.objects.filter(giver=giver).select_related("customer").order_by("pk").first()
    for _time in range(2):
        later(
            world, monkeypatch, minutes=5
        )  # WeCom's events carry seconds: two alike in one second are one event
        world.settle()
        fails(world, row)
        with tenant_scope(world.tenant):
            transfers_again(
                tenant=world.tenant,
                giver_id=giver.pk,
                transfer_ids=[row.pk],
                taker_id=taker.pk,
                actor=lead_actor,
            )
    before = world.calls("externalcontact/transfer_customer")
    world.settle()
    with tenant_scope(world.tenant):
        row.refresh_from_db()
        assert row.state == TransferState.LATER
        assert row.ask_at == row.starts[0] + timedelta(days=90)
        assert world.calls("externalcontact/transfer_customer") == before, "WeCom is not asked in vain"
        later(world, monkeypatch, days=91)
        transfers_go_on(tenant_id=world.tenant.pk)
    world.settle()
    with tenant_scope(world.tenant):
        row.refresh_from_db()
        assert row.state == TransferState.WAITING


def test_a_leavers_customers_go_by_the_call_for_leavers_and_a_refusal_is_a_must_again(world, lead_actor):  # noqa: F811
    with tenant_scope(world.tenant):
        giver = giver_of(world)
        taker = next(one for one in world.staff if one.pk != giver.pk)
    world.act("staff/resign", userid=giver.userid)
    world.settle()
    with tenant_scope(world.tenant):
        staff_deactivate(tenant_id=world.tenant.pk, app_id=giver.app_id, userid=giver.userid)
        giver.refresh_from_db()
        every = {
            one.part.code: taker.pk
            for one in holdings(tenant=world.tenant, staff=giver)
            if one.part.move is not None
        }
        handover_run(tenant=world.tenant, staff_id=giver.pk, takers=every, reason="离职", actor=lead_actor)
    world.settle()
    world.read_all()
    with tenant_scope(world.tenant):
        assert set(states(giver)) == {TransferState.WAITING}
        assert WorkItem.objects.get(source_kind=LEAVER, source_id=giver.pk).state == "done"
        row = CustomerTransfer.objects.filter(giver=giver).select_related("customer").first()
    assert world.calls("externalcontact/resigned/transfer_customer") > 0
    assert world.calls("externalcontact/transfer_customer") == 0
    fails(world, row)
    with tenant_scope(world.tenant):
        item = WorkItem.objects.get(source_kind=LEAVER, source_id=giver.pk)
        assert (item.bucket, item.state) == ("must", "open")
