"""Group codes at the real simulator: five groups, the next one, who fills now, whom to tell; pages and poster."""

from datetime import timedelta

import pytest
from django.test import Client

from console.pages import tenant_url
from contacts.services.channels import channel_save
from groups.errors import CodeInvalid
from groups.models import Group, JoinWay, JoinWayRoom, Member
from groups.selectors.codes import fillings, joins_by_state, rooms_of
from groups.services.codes import Wish, join_way_change, join_way_create, join_way_end, join_way_retry
from groups.services.welcomes import template_ask_owners, template_create, template_publish
from team.models import WorkItem
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.codes.qr import text_in_poster
from wecom.enums import KeptState
from wecom.models import OutboundSend
from wecom.reading import sync

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def channel(world, owner):
    with tenant_scope(world.tenant):
        return channel_save(
            tenant=world.tenant, actor=owner, name="门店海报", kind="offline", cost_fen=30_000
        )


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def make(world, channel, owner, *, rooms=None, **changed):
    with tenant_scope(world.tenant):
        groups = world.groups
        wish = Wish(
            name="门店入群码", rooms=rooms or [(groups[0].pk, 200)], auto_create_room=changed.pop("auto", True),
            room_base_name=changed.pop("base", "启蒙营"), room_base_id=changed.pop("number", 7),
        )  # fmt: skip
        row = join_way_create(tenant=world.tenant, channel_id=channel.pk, wish=wish, actor=owner)
    world.settle()
    return again(world, row)


def again(world, row):
    with tenant_scope(world.tenant):
        return JoinWay.objects.get(pk=row.pk)


def scan(world, row, people):
    for one in people:
        world.act("customer/scan-join-way", config_id=row.vendor_id, external_userid=one)
    world.settle()


def test_a_group_code_comes_back_with_its_picture_and_counts_who_joins(world, channel, owner):
    row = make(world, channel, owner)
    assert (row.status, row.state) == (KeptState.LIVE, f"c{channel.pk}g{row.pk}")
    assert row.qr_picture.startswith("data:image/")
    people = world.strangers(3)
    scan(world, row, people)
    with tenant_scope(world.tenant):
        seats = Member.objects.filter(userid__in=people)
        assert {(one.state_code, one.channel_id, one.join_scene) for one in seats} == {
            (row.state, channel.pk, "qr")
        }
        assert joins_by_state(tenant_id=world.tenant.pk, states=[row.state]) == {row.state: (3, 3)}


def test_when_all_are_full_wecom_opens_the_next_and_it_joins_the_code(world, channel, owner):
    first = world.groups_in_scope()[0]
    world.vendor.ask(
        "PATCH", f"/sim/corps/{world.app.corp_id}", group_cap=first.customer_count + first.staff_count + 1
    )
    row = make(world, channel, owner)
    scan(world, row, world.strangers(3))
    row = again(world, row)
    with tenant_scope(world.tenant):
        rooms = rooms_of(tenant_id=world.tenant.pk, way_ids=[row.pk])[row.pk]
        assert [(str(one.group), one.is_auto) for one in rooms] == [(first.name, False), ("启蒙营7", True)]
        assert fillings(tenant_id=world.tenant.pk, ways=[row])[row.pk].rows[1].group.name == "启蒙营7"
    assert row.room_base_id == 8


def test_an_edit_keeps_the_group_wecom_opened_meanwhile(world, channel, owner):
    first = world.groups_in_scope()[0]
    row = make(world, channel, owner)
    world.vendor.ask(
        "PATCH", f"/sim/corps/{world.app.corp_id}", group_cap=first.customer_count + first.staff_count
    )
    world.connect("http://127.0.0.1:9")  # no callback arrives: we do not know of the new group
    world.act("customer/scan-join-way", config_id=row.vendor_id, external_userid=world.strangers(1)[0])
    with tenant_scope(world.tenant):
        wish = Wish(name="改名", rooms=[(first.pk, 200)], room_base_name="启蒙营", room_base_id=7)
        join_way_change(tenant=world.tenant, way_id=row.pk, wish=wish, actor=owner)
    world.settle()
    with tenant_scope(world.tenant):
        rooms = rooms_of(tenant_id=world.tenant.pk, way_ids=[row.pk])[row.pk]
        assert [str(one.group) for one in rooms] == [first.name, "启蒙营7"]


def test_a_full_group_is_left_out_and_the_owner_is_told_once(world, channel, owner):
    one, two = world.groups_in_scope()[:2]
    taken = one.customer_count + one.staff_count
    row = make(world, channel, owner, rooms=[(one.pk, taken + 2), (two.pk, 200)], auto=False, base="")
    scan(world, row, world.strangers(2))
    row = again(world, row)
    assert row.sent_rooms == [two.chat_id]
    with tenant_scope(world.tenant):
        JoinWayRoom.objects.filter(join_way=row, group=two).update(
            seats=two.customer_count + two.staff_count + 5
        )
    scan(world, row, world.strangers(1))
    with tenant_scope(world.tenant):
        item = WorkItem.objects.get(source_kind="groups.join_way", source_id=row.pk)
        assert (item.rule_code, item.bucket, item.staff_id) == ("CODE-11", "must", two.owner_id)
        assert "4" in item.reason
    world.settle()
    with tenant_scope(world.tenant):
        join_way_end(tenant=world.tenant, way_id=row.pk, actor=owner)
    world.settle()
    assert again(world, row).status == KeptState.ENDED
    with tenant_scope(world.tenant):
        assert WorkItem.objects.get(pk=item.pk).state == "cancelled"


def test_a_lost_creation_waits_for_a_person_because_wecom_lists_no_group_codes(
    world, channel, owner, settings
):
    settings.WECOM_TIMEOUT_S = 1
    world.vendor.faults(world.app.corp_id, slow_p=1.0, slow_ms=2500, slow_after_effect=True)
    row = make(world, channel, owner)
    world.hurry()  # a connection that was never made is tried again: only a lost answer is unknown
    world.vendor.faults(world.app.corp_id, slow_p=0.0, slow_after_effect=False)
    assert again(world, row).status == KeptState.UNKNOWN
    with tenant_scope(world.tenant):
        join_way_retry(tenant=world.tenant, way_id=row.pk, actor=owner)
    world.settle()
    assert again(world, row).status == KeptState.LIVE


def test_a_code_removed_in_the_console_is_found_at_night(world, channel, owner):
    row = make(world, channel, owner)
    with tenant_scope(world.tenant):
        JoinWay.objects.filter(pk=row.pk).update(vendor_id="removed-elsewhere")
        sync.request(tenant_id=world.tenant.pk, what="codes")
        sync.run_due(tenant_id=world.tenant.pk)
    row = again(world, row)
    assert row.status == KeptState.ENDED
    assert row.ended_at


def test_six_groups_or_a_nameless_next_one_are_refused_before_wecom_is_asked(world, channel, owner):
    with tenant_scope(world.tenant):
        group = world.groups[0]
        for wish in (
            Wish(name="x", rooms=[]),
            Wish(name="x", rooms=[(group.pk, 0)], auto_create_room=True, room_base_name=" "),
        ):
            with pytest.raises(CodeInvalid):
                join_way_create(tenant=world.tenant, channel_id=channel.pk, wish=wish, actor=owner)
        assert not OutboundSend.objects.exists()


def test_the_pages_show_the_code_and_open_its_people(world, channel, owner, web):
    row = make(world, channel, owner)
    people = world.strangers(2)
    scan(world, row, people)
    for name, kwargs in (
        ("codes", {}), ("code_new", {}), ("code", {"pk": row.pk}), ("code_edit", {"pk": row.pk}), ("ways", {}),
        ("way_new", {}), ("channels", {}), ("channel_new", {}), ("welcomes", {}), ("welcome_new", {}),
        ("code_people", {"pk": row.pk}), ("channel_people", {"pk": channel.pk}), ("code_poster", {"pk": row.pk}),
    ):  # fmt: skip
        answer = web.get(tenant_url(world.tenant, f"groups:{name}", **kwargs))
        assert answer.status_code == 200, name
    page = web.get(tenant_url(world.tenant, "groups:code", pk=row.pk)).content.decode()
    assert row.state in page
    listed = web.get(tenant_url(world.tenant, "groups:code_people", pk=row.pk) + "?export=csv")
    with tenant_scope(world.tenant):
        names = [
            one.customer.name for one in Member.objects.filter(userid__in=people).select_related("customer")
        ]
    body = b"".join(listed.streaming_content).decode()
    assert all(name in body for name in names)
    assert web.get(tenant_url(world.tenant, "wecom:welcome")).status_code == 200


def test_a_form_makes_a_code_with_a_new_channel(world, web):
    with tenant_scope(world.tenant):
        group = world.groups[0]
    answer = web.post(
        tenant_url(world.tenant, "groups:code_new"),
        {"name": "直播间", "new_channel": "视频号直播", "group_1": group.pk, "seats_1": 150, "auto_create_room": "on",
         "room_base_name": "直播营", "room_base_id": 3},
    )  # fmt: skip
    assert answer.status_code == 302
    world.settle()
    with tenant_scope(world.tenant):
        row = JoinWay.objects.select_related("channel").get()
        assert (row.channel.name, row.status, row.room_base_id) == ("视频号直播", KeptState.LIVE, 3)
        assert JoinWayRoom.objects.get().seats == 150


@pytest.mark.parametrize("size", ["phone", "a4"])
def test_a_poster_carries_a_code_that_reads_back(world, channel, owner, web, size):
    row = make(world, channel, owner)
    url = tenant_url(world.tenant, "groups:code_poster", pk=row.pk)
    poster = web.get(f"{url}?file=take&size={size}&title=暑假<启蒙>营 & 试听").content.decode()
    assert text_in_poster(poster).endswith(f"/phone/scan/group/{world.app.corp_id}/{row.vendor_id}")
    assert "&lt;启蒙&gt;" in poster
    if size == "a4":
        assert 'width="210mm"' in poster


def test_a_poster_says_what_the_first_group_promises_until_somebody_writes_another_line(
    world, channel, owner, web
):
    row = make(world, channel, owner)
    with tenant_scope(world.tenant):
        Group.objects.filter(pk=JoinWayRoom.objects.get(position=0).group_id).update(
            value_proposition="30 天会读"
        )
    url = tenant_url(world.tenant, "groups:code_poster", pk=row.pk)
    assert "30 天会读" in web.get(f"{url}?file=show").content.decode()
    assert 'value="30 天会读"' in web.get(url).content.decode()
    for line in ("另一句", ""):
        poster = web.get(f"{url}?file=show&subtitle={line}").content.decode()
        assert "30 天会读" not in poster
        assert line in poster


def test_a_forecast_needs_joins_and_says_when_it_is_full(world, channel, owner):
    row = make(world, channel, owner)
    with tenant_scope(world.tenant):
        group = world.groups[0]
        # Whoever the simulator seated, none of them joined lately.
        Member.objects.filter(group=group).update(joined_at=row.created_at - timedelta(days=60))
        seen = fillings(tenant_id=world.tenant.pk, ways=[row])[row.pk].seen
        assert seen.hours is None
        Group.objects.filter(pk=group.pk).update(created_at=row.created_at - timedelta(days=5))
        Member.objects.bulk_create(
            [
                Member(
                    tenant=world.tenant,
                    group=group,
                    userid=f"wm{n}",
                    joined_at=row.created_at - timedelta(hours=n),
                )
                for n in range(36)
            ]
        )
        seen = fillings(tenant_id=world.tenant.pk, ways=[row])[row.pk].seen
    assert seen.joins >= 36
    assert 0 < seen.hours < 400


def test_a_group_welcome_is_kept_at_wecom_and_its_owner_asked(world, owner):
    with tenant_scope(world.tenant):
        row = template_create(
            tenant=world.tenant, name="新生欢迎", text="欢迎 %NICKNAME%，先看群公告", notify=True, actor=owner
        )
        template_publish(tenant=world.tenant, template_id=row.pk, actor=owner)
    world.settle()
    with tenant_scope(world.tenant):
        row.refresh_from_db()
        assert (row.status, bool(row.vendor_id)) == (KeptState.LIVE, True)
        group = world.groups[0]
        assert (
            template_ask_owners(tenant=world.tenant, template_id=row.pk, group_ids=[group.pk], actor=owner)
            == 1
        )
        item = WorkItem.objects.get(source_kind="groups.attach_welcome")
        assert (item.staff_id, item.rule_code) == (group.owner_id, "R115")
    assert world.calls("externalcontact/group_welcome_template/add") == 1
