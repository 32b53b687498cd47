"""kill -9 of the worker that makes a code at WeCom: never a second code, never one that nobody hears of."""

import pytest

from contacts.models import ContactWay
from contacts.services.channels import channel_save
from contacts.services.ways import way_create
from groups.models import JoinWay
from groups.services.codes import Wish, join_way_create, join_way_retry
from tenants.scoping import tenant_scope
from tests.codes.conftest import World, world  # noqa: F401
from tests.reliability import killing
from tests.simulated import simulator, simulator_process  # noqa: F401
from tests.wecom.conftest import _clean_door, live, product_url, queued  # noqa: F401
from wecom.enums import KeptState

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OUTBOUND = "wecom.sending.outbound"


@pytest.fixture
def channel(world, owner):  # noqa: F811
    with tenant_scope(world.tenant):
        return channel_save(tenant=world.tenant, actor=owner, name="门店海报", kind="offline")


def killed(world, function, *, after=False):  # noqa: F811
    """A worker takes up what is queued and dies there; then its claim is over and another one works."""
    with tenant_scope(world.tenant):
        assert killing.kill_at(
            f"{OUTBOUND}:{function}", after=after, tenant_id=world.tenant.pk, job=f"{OUTBOUND}:drain"
        )
        killing.leases_end("wecom_outboundsend")
        killing.run(tenant_id=world.tenant.pk, job=f"{OUTBOUND}:drain")
    world.settle()


def at_wecom(world, name):  # noqa: F811
    return len(world.ledger()[name])


@pytest.mark.parametrize(("function", "after"), [("_record", False), ("finish", True), ("_record", True)])
def test_a_code_for_friends_whose_maker_died_after_the_call_is_found_again(
    world,  # noqa: F811
    channel,
    owner,
    function,
    after,
):
    before = at_wecom(world, "contact_ways")
    with tenant_scope(world.tenant):
        row = way_create(
            tenant=world.tenant, channel_id=channel.pk, name="小红书", staff_ids=[world.staff[0].pk],
            skip_verify=True, actor=owner,
        )  # fmt: skip

    killed(world, function, after=after)

    with tenant_scope(world.tenant):
        row = ContactWay.objects.get(pk=row.pk)
    assert (row.status, bool(row.vendor_id), bool(row.qr_picture)) == (KeptState.LIVE, True, True)
    assert at_wecom(world, "contact_ways") == before + 1


@pytest.mark.parametrize("function", ["_record", "finish"])
def test_a_group_code_whose_maker_died_after_the_call_waits_for_a_person(
    world,  # noqa: F811
    channel,
    owner,
    function,
):
    before = at_wecom(world, "join_ways")
    with tenant_scope(world.tenant):
        wish = Wish(name="门店入群码", rooms=[(world.groups[0].pk, 200)], room_base_name="启蒙营")
        row = join_way_create(tenant=world.tenant, channel_id=channel.pk, wish=wish, actor=owner)

    killed(world, function)

    with tenant_scope(world.tenant):
        row = JoinWay.objects.get(pk=row.pk)
        assert row.status == KeptState.UNKNOWN, "WeCom lists no group codes: it is never made twice by itself"
        assert at_wecom(world, "join_ways") == before + 1
        join_way_retry(tenant=world.tenant, way_id=row.pk, actor=owner)
    world.settle()
    with tenant_scope(world.tenant):
        assert JoinWay.objects.get(pk=row.pk).status == KeptState.LIVE


def test_a_group_code_whose_maker_died_before_the_call_is_asked_about_and_not_made(
    world,  # noqa: F811
    channel,
    owner,
):
    before = at_wecom(world, "join_ways")
    with tenant_scope(world.tenant):
        wish = Wish(name="门店入群码", rooms=[(world.groups[0].pk, 200)], room_base_name="启蒙营")
        row = join_way_create(tenant=world.tenant, channel_id=channel.pk, wish=wish, actor=owner)

    killed(world, "claim_next", after=True)

    with tenant_scope(world.tenant):
        assert JoinWay.objects.get(pk=row.pk).status == KeptState.UNKNOWN
    assert at_wecom(world, "join_ways") == before
