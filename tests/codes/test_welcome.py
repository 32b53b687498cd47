"""The welcome at the real simulator: files ahead, names, one winner, 20 seconds, nothing in its way."""

from datetime import timedelta

import pytest
from django.test import Client

from console.pages import tenant_url
from contacts.enums import WelcomeMode
from contacts.services.channels import channel_save
from contacts.services.ways import way_create, way_set_welcome
from scrm.schedule import ROUTES
from tenants import clock
from tenants.models import User
from tenants.scoping import tenant_scope
from wecom import tasks
from wecom.keeping import assets
from wecom.keeping.assets import AssetInvalid, asset_store
from wecom.models import App, MediaUpload, OutboundSend
from wecom.services import app_set_greeting
from wecom.welcomes.welcome_figures import percentile, welcome_figures

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
TEXT = "你好，{客户昵称}！我是{员工姓名}"


@pytest.fixture
def picture(world, owner):
    with tenant_scope(world.tenant):
        return asset_store(tenant=world.tenant, kind="image", name="cover.png", content=PNG, actor=owner)


def greet(world, owner, text=TEXT, parts=None):
    with tenant_scope(world.tenant):
        app_set_greeting(
            tenant=world.tenant, app_id=world.app.pk, greeting=text, parts=parts or [], actor=owner
        )
    world.settle()


def meet(world, who=None, **body):
    """A customer adds a member; what the callback woke happens."""
    who = who or world.strangers(1)[0]
    world.act("customer/add-staff", userid=world_staff(world).userid, external_userid=who, **body)
    world.settle()
    return who


def world_staff(world):
    with tenant_scope(world.tenant):
        return world.staff[0]


def sends(world):
    with tenant_scope(world.tenant):
        return list(OutboundSend.objects.filter(kind="welcome").order_by("pk"))


def figures(world):
    with tenant_scope(world.tenant):
        return welcome_figures(tenant_id=world.tenant.pk)


def test_words_with_names_and_a_file_uploaded_ahead_go_out_in_one_call(world, owner, picture):
    link = {"kind": "link", "title": "营期说明", "url": "https://example.com/camp"}
    greet(world, owner, parts=[{"kind": "image", "asset_id": picture.pk}, link])
    uploads = world.calls("media/upload")
    assert uploads == 1
    meet(world)
    (row,) = sends(world)
    assert row.state == "done"
    assert row.payload["text"].endswith(f"我是{world_staff(world).name}")
    assert "{" not in row.payload["text"]
    assert 0 <= row.answer["latency_s"] < 20
    assert world.calls("media/upload") == uploads
    assert world.calls("externalcontact/send_welcome_msg") == 1


def test_another_apps_welcome_is_no_fault_and_is_counted(world, owner):
    greet(world, owner)
    world.vendor.faults(world.app.corp_id, welcome_race_p=1.0)
    meet(world)
    (row,) = sends(world)
    assert (row.state, row.error_code) == ("cancelled", 41051)
    seen = figures(world)
    assert (seen.sent, seen.races, seen.missed) == (0, 1, 0)


def test_a_friend_without_a_code_is_not_greeted_and_counts_as_no_miss(world, owner):
    greet(world, owner)
    world.vendor.faults(world.app.corp_id, no_welcome_code_p=1.0)
    meet(world)
    assert sends(world) == []
    seen = figures(world)
    assert (seen.friends, seen.coded, seen.missed) == (1, 0, 0)


def test_after_twenty_seconds_no_call_is_made_and_the_miss_is_counted(world, owner, queued, monkeypatch):
    greet(world, owner)
    who = world.strangers(1)[0]
    world.act("customer/add-staff", userid=world_staff(world).userid, external_userid=who)
    arguments = next(one for name, one in queued if name == "wecom.send_welcome")
    later = clock.now() + timedelta(seconds=21)
    monkeypatch.setattr(clock, "now", lambda: later)
    tasks.send_welcome(**arguments)
    assert world.calls("externalcontact/send_welcome_msg") == 0
    (row,) = sends(world)
    assert (row.state, row.answer["miss"]) == ("cancelled", "late")
    assert figures(world).missed == 1


def test_the_welcome_has_its_own_queue_and_is_delivered_by_its_own_task(world, owner, queued):
    """Workers of other queues may be busy for minutes: none of them is needed for it."""
    assert ROUTES["wecom.send_welcome"] == "welcome"
    greet(world, owner)
    world.act("customer/add-staff", userid=world_staff(world).userid, external_userid=world.strangers(1)[0])
    woken = [one for one in queued if one[0] == "wecom.send_welcome"]
    queued.clear()  # whatever else was woken waits behind busy workers
    tasks.send_welcome(**woken[0][1])
    assert [row.state for row in sends(world)] == ["done"]


def test_a_code_for_friends_greets_in_its_own_words_or_not_at_all(world, owner):
    greet(world, owner, "统一欢迎")
    with tenant_scope(world.tenant):
        channel = channel_save(tenant=world.tenant, actor=owner, name="小红书", kind="content")
        way = way_create(
            tenant=world.tenant, channel_id=channel.pk, name="码", staff_ids=[world.staff[0].pk], skip_verify=True,
            actor=owner,
        )  # fmt: skip
    world.settle()
    for mode, text in ((WelcomeMode.OWN, "小红书专属"), (WelcomeMode.NONE, "")):
        with tenant_scope(world.tenant):
            way_set_welcome(tenant=world.tenant, way_id=way.pk, mode=mode, text=text, actor=owner)
            way.refresh_from_db()
        world.act("customer/scan-contact-way", config_id=way.vendor_id, external_userid=world.strangers(1)[0])
        world.settle()
    assert [row.payload["text"] for row in sends(world)] == ["小红书专属"]


def test_uploads_are_renewed_a_day_before_they_end_and_never_are_the_asset(world, owner, picture):
    greet(world, owner, parts=[{"kind": "image", "asset_id": picture.pk}])
    with tenant_scope(world.tenant):
        first = MediaUpload.objects.get()
        assert assets.renew(tenant_id=world.tenant.pk) == 0
        MediaUpload.objects.update(expires_at=clock.now() + timedelta(hours=23))
        assert assets.renew(tenant_id=world.tenant.pk) == 1
        assert MediaUpload.objects.get().media_id != first.media_id
        assert App.objects.get().greeting_parts == [{"kind": "image", "asset_id": picture.pk}]


def test_a_file_wecom_forgot_is_uploaded_again_within_the_twenty_seconds(world, owner, picture):
    greet(world, owner, parts=[{"kind": "image", "asset_id": picture.pk}])
    with tenant_scope(world.tenant):
        MediaUpload.objects.update(media_id="forgotten")
    meet(world)
    (row,) = sends(world)
    assert row.state == "done"
    with tenant_scope(world.tenant):
        assert MediaUpload.objects.get().media_id != "forgotten"


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("image", "a.png", b""),
        ("image", "a.gif", PNG),
        ("image", "a.png", b"<svg onload=x>......"),
        ("video", "a.avi", PNG),
    ],
)
def test_what_wecom_would_refuse_is_not_kept(world, owner, kind, name, content):
    with tenant_scope(world.tenant), pytest.raises(AssetInvalid):
        asset_store(tenant=world.tenant, kind=kind, name=name, content=content, actor=owner)


def test_the_page_shows_the_words_the_figures_and_refuses_unknown_variables(world, owner, picture):
    greet(world, owner, parts=[{"kind": "image", "asset_id": picture.pk}])
    meet(world)
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    url = tenant_url(world.tenant, "wecom:welcome")
    page = web.get(url).content.decode()
    assert "{客户昵称}" in page
    assert tenant_url(world.tenant, "wecom:asset", pk=picture.pk) in page
    assert web.post(url, {"text": "你好 {昵称}"}).status_code == 422
    assert web.get(tenant_url(world.tenant, "wecom:asset", pk=picture.pk)).content == PNG


def test_half_of_the_seconds_lie_below_the_middle():
    assert percentile([], 0.5) is None
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
