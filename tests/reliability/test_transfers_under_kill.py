"""kill -9 of the worker that hands customers over: WeCom is asked once for each, and no customer is lost."""

import pytest

from contacts.enums import FollowState, TransferState
from contacts.models import CustomerTransfer, Follow
from team.services.handover import handover_run
from tenants.scoping import tenant_scope
from tests.codes.conftest import World, world  # noqa: F401
from tests.reliability import killing
from tests.simulated import simulator, simulator_process  # noqa: F401
from tests.wecom.conftest import _clean_door, live, product_url, queued  # noqa: F401

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OUTBOUND = "wecom.sending.outbound"


@pytest.mark.parametrize(
    ("function", "after"),
    [("claim_next", True), ("_record", False), ("finish", False), ("finish", True), ("_record", True)],
)
def test_a_worker_that_dies_hands_each_customer_over_once(world, owner, function, after):  # noqa: F811
    with tenant_scope(world.tenant):
        giver = next(
            one for one in world.staff if Follow.objects.filter(staff=one, state=FollowState.FULL).count() > 2
        )
        taker = next(one for one in world.staff if one.pk != giver.pk)
        handover_run(
            tenant=world.tenant, staff_id=giver.pk, takers={"customers": taker.pk}, reason="转岗", actor=owner
        )
        wanted = set(CustomerTransfer.objects.values_list("customer__external_userid", flat=True))
        assert killing.kill_at(
            f"{OUTBOUND}:{function}", after=after, tenant_id=world.tenant.pk, job=f"{OUTBOUND}:drain"
        )
        killing.leases_end("wecom_outboundsend")
        killing.run(tenant_id=world.tenant.pk, job=f"{OUTBOUND}:drain")
    world.settle()

    begun = [one["external_userid"] for one in world.ledger()["transfers"]]
    assert sorted(begun) == sorted(wanted), "each of them, once"
    with tenant_scope(world.tenant):
        assert set(CustomerTransfer.objects.values_list("state", flat=True)) == {TransferState.WAITING}


def test_who_refused_meanwhile_is_not_asked_a_second_time(world, owner):  # noqa: F811
    with tenant_scope(world.tenant):
        giver = next(
            one for one in world.staff if Follow.objects.filter(staff=one, state=FollowState.FULL).count() > 2
        )
        taker = next(one for one in world.staff if one.pk != giver.pk)
        handover_run(
            tenant=world.tenant, staff_id=giver.pk, takers={"customers": taker.pk}, reason="转岗", actor=owner
        )
        row = CustomerTransfer.objects.select_related("customer").first()
        assert killing.kill_at(f"{OUTBOUND}:_record", tenant_id=world.tenant.pk, job=f"{OUTBOUND}:drain")
    world.act("transfer/fail", external_userid=row.customer.external_userid, reason="customer_refused")
    with tenant_scope(world.tenant):
        killing.leases_end("wecom_outboundsend")
        killing.run(tenant_id=world.tenant.pk, job=f"{OUTBOUND}:drain")
    world.settle()

    asked = [
        one for one in world.ledger()["transfers"] if one["external_userid"] == row.customer.external_userid
    ]
    assert len(asked) == 1
    with tenant_scope(world.tenant):
        row.refresh_from_db()
        assert row.state == TransferState.REFUSED
