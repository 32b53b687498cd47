"""Codes for new friends at the real simulator: made once, changed in order, found again, told apart by channel."""

import pytest

from contacts.errors import WayBusy, WayInvalid
from contacts.models import Channel, ContactWay, Follow
from contacts.selectors.channels import adds_by_state, channel_of_state
from contacts.services.channels import channel_save
from contacts.services.ways import way_change, way_create, way_end, way_retry
from tenants.errors import NotPermitted
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope
from wecom.enums import KeptState
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def channel(world, owner):
    with tenant_scope(world.tenant):
        return channel_save(tenant=world.tenant, actor=owner, name="小红书", kind="content")


def make(world, channel, owner, **changed):
    with tenant_scope(world.tenant):
        given = {"name": "小红书加友", "staff_ids": [one.pk for one in world.staff[:2]], "skip_verify": True}
        return way_create(tenant=world.tenant, channel_id=channel.pk, actor=owner, **{**given, **changed})


def again(world, row):
    with tenant_scope(world.tenant):
        return ContactWay.objects.get(pk=row.pk)


def test_a_code_is_made_by_the_queue_and_comes_back_with_its_picture(world, channel, owner):
    made = make(world, channel, owner)
    assert (made.status, made.vendor_id) == (KeptState.WAITING, "")
    world.settle()
    row = again(world, made)
    assert (row.status, row.state) == (KeptState.LIVE, f"c{channel.pk}w{row.pk}")
    assert row.vendor_id
    assert row.qr_url
    assert row.qr_picture.startswith("data:image/svg+xml;base64,")
    assert world.calls("externalcontact/add_contact_way") == 1


def test_who_scans_it_is_counted_for_its_channel(world, channel, owner):
    row = make(world, channel, owner)
    world.settle()
    row = again(world, row)
    person = world.strangers(1)[0]
    scanned = world.act("customer/scan-contact-way", config_id=row.vendor_id, external_userid=person)
    assert scanned["state"] == row.state
    world.settle()
    with tenant_scope(world.tenant):
        follow = Follow.objects.select_related("channel").get(customer__external_userid=person)
        assert (follow.state_code, follow.channel) == (row.state, channel)
        assert adds_by_state(tenant_id=world.tenant.pk, states=[row.state]) == {row.state: (1, 1)}


def test_changes_while_a_call_is_under_way_follow_it_and_only_the_last_counts(world, channel, owner):
    row = make(world, channel, owner)
    with tenant_scope(world.tenant):
        for number in (3, 1, 2):
            staff = [one.pk for one in world.staff[:number]]
            way_change(
                tenant=world.tenant,
                way_id=row.pk,
                name=f"版本{number}",
                staff_ids=staff,
                skip_verify=True,
                actor=owner,
            )
    world.settle()
    row = again(world, row)
    assert (row.status, row.sent_revision, row.revision) == (KeptState.LIVE, 4, 4)
    assert world.calls("externalcontact/add_contact_way") == 1
    assert world.calls("externalcontact/update_contact_way") == 1
    with tenant_scope(world.tenant):
        last = OutboundSend.objects.filter(kind="kept_change").latest("pk").payload["fields"]
        assert (last["remark"], len(last["user"])) == ("版本2", 2)


def test_a_creation_whose_answer_was_lost_is_found_by_its_state_and_never_made_twice(
    world, channel, owner, settings
):
    settings.WECOM_TIMEOUT_S = 1
    world.vendor.faults(world.app.corp_id, slow_p=1.0, slow_ms=2500, slow_after_effect=True)
    row = make(world, channel, owner)
    world.settle()
    world.vendor.faults(world.app.corp_id, slow_p=0.0, slow_after_effect=False)
    assert again(world, row).status == KeptState.UNKNOWN
    with tenant_scope(world.tenant):
        with pytest.raises(WayBusy):
            way_end(tenant=world.tenant, way_id=row.pk, actor=owner)
        OutboundSend.objects.filter(state="unknown").update(next_at=row.created_at)
    world.settle()
    row = again(world, row)
    assert row.status == KeptState.LIVE
    assert row.vendor_id
    assert row.qr_picture
    assert world.calls("externalcontact/add_contact_way") <= 1


def test_a_person_may_have_it_made_anew(world, channel, owner, settings):
    settings.WECOM_TIMEOUT_S = 1
    world.vendor.faults(world.app.corp_id, slow_p=1.0, slow_ms=2500, slow_after_effect=True)
    row = make(world, channel, owner)
    world.settle()
    world.vendor.faults(world.app.corp_id, slow_p=0.0, slow_after_effect=False)
    with tenant_scope(world.tenant):
        way_retry(tenant=world.tenant, way_id=row.pk, actor=owner)
    world.settle()
    assert again(world, row).status == KeptState.LIVE
    with tenant_scope(world.tenant):
        assert set(OutboundSend.objects.filter(kind="kept_make").values_list("state", flat=True)) == {
            "cancelled", "done",
        }  # fmt: skip


def test_a_refusal_says_why_and_a_change_tries_again(world, channel, owner):
    row = make(world, channel, owner)
    world.settle()
    with tenant_scope(world.tenant):
        ContactWay.objects.filter(pk=row.pk).update(vendor_id="gone-in-the-console")
        way_change(
            tenant=world.tenant,
            way_id=row.pk,
            name="x",
            staff_ids=[world.staff[0].pk],
            skip_verify=True,
            actor=owner,
        )
    world.settle()
    row = again(world, row)
    assert (row.status, row.error_code) == (KeptState.FAILED, 40058)
    assert row.error


def test_removal_ends_it_at_wecom_and_a_second_one_changes_nothing(world, channel, owner):
    row = make(world, channel, owner)
    world.settle()
    for _ in range(2):
        with tenant_scope(world.tenant):
            way_end(tenant=world.tenant, way_id=row.pk, actor=owner)
        world.settle()
    row = again(world, row)
    assert row.status == KeptState.ENDED
    assert row.ended_at
    assert world.calls("externalcontact/del_contact_way") == 1
    with tenant_scope(world.tenant):
        assert AuditEntry.objects.filter(verb="contacts.way.ended").count() == 1


def test_what_wecom_would_refuse_is_refused_before(world, channel, owner):
    with pytest.raises(WayInvalid):
        make(world, channel, owner, staff_ids=[])
    with tenant_scope(world.tenant):
        assert not ContactWay.objects.exists()


def test_a_viewer_makes_no_code(world, channel):
    from tenants.audit import Actor  # noqa: PLC0415

    with pytest.raises(NotPermitted):
        make(world, channel, Actor(kind="user", id=1, name="v", permissions=frozenset({"view"})))


@pytest.mark.parametrize("state", ["", "c999999w1", "c1", "x", "c0w1", "c1w1; drop"])
def test_a_state_that_is_nobodys_means_no_channel(world, channel, state):
    with tenant_scope(world.tenant):
        assert channel_of_state(tenant_id=world.tenant.pk, state=state) is None


def test_a_state_means_its_channel_by_number_or_by_its_own_code(world, channel, other_tenant, owner):
    with tenant_scope(world.tenant):
        channel_save(
            tenant=world.tenant,
            actor=owner,
            channel_id=channel.pk,
            name="小红书",
            kind="content",
            code="xhs-2026",
        )
        own = f"c{channel.pk}w7"
        assert channel_of_state(tenant_id=world.tenant.pk, state=own) == channel
        assert channel_of_state(tenant_id=world.tenant.pk, state="xhs-2026") == channel
    with tenant_scope(other_tenant):
        assert channel_of_state(tenant_id=other_tenant.pk, state=own) is None
        assert not Channel.objects.exists()
