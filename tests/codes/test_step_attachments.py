"""What comes along with a step, at the real simulator over HTTP: each kind arrives as WeCom keeps it."""

from datetime import date, time
from typing import Any

import pytest
from django.db import transaction

from sop.models import Step, Touch
from sop.services.dispatch import dispatch_due
from sop.services.forwarding import forward_parts
from sop.services.planning import plan_apply
from tenants import clock
from tenants.scoping import tenant_scope
from tests.factories.sop import make_run, make_step, make_version
from wecom.gateway.client import client_for
from wecom.keeping.assets import asset_store
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"0" * 64
TARGET = "https://example.com/outline"


@pytest.fixture
def attachments(world: Any, owner: Any) -> list[dict[str, Any]]:
    """One of each kind, its files kept by us."""
    with tenant_scope(world.tenant):
        kept = {
            kind: asset_store(tenant=world.tenant, kind=kind, name=name, content=content, actor=owner).pk
            for kind, name, content in (
                ("image", "cover.png", PNG), ("video", "day1.mp4", MP4), ("file", "outline.pdf", b"%PDF-1.7 outline"),
            )
        }  # fmt: skip
    return [
        {"kind": "image", "title": "cover.png", "asset_id": kept["image"]},
        {"kind": "link", "title": "{群名}的课程大纲", "description": "八天怎么走", "url": TARGET},
        {
            "kind": "mini_program", "title": "签到", "appid": "wx0123456789abcdef", "page": "pages/in",
            "asset_id": kept["image"],
        },
        {"kind": "video", "title": "day1.mp4", "asset_id": kept["video"]},
        {"kind": "file", "title": "outline.pdf", "asset_id": kept["file"]},
    ]  # fmt: skip


@pytest.fixture
def touch(world: Any, attachments: list[dict[str, Any]]) -> Touch:
    """A mass send to a real group of the corp, due now."""
    with tenant_scope(world.tenant):
        group = next(one for one in world.groups if one.owner is not None and one.owner.is_active)
        version = make_version(tenant=world.tenant)
        make_step(
            tenant=world.tenant, version=version, channel="group_mass", day=1, at=time(10), attachments=attachments,
            is_service=True, text="今晚见",
        )  # fmt: skip
        today = clock.local_date(clock.now(), world.tenant.timezone)
        run = make_run(tenant=world.tenant, version=version, groups=[group], starts_on=today)
        with transaction.atomic():
            plan_apply(tenant=world.tenant, run=run)
        touch = Touch.objects.get_or_create(
            tenant=world.tenant, run=run, step=Step.objects.get(version=version), group=group, occurrence="",
            defaults={
                "channel": "group_mass", "planned_at": clock.now(), "due_at": clock.now(),
                "window_ends_at": clock.now(), "staff": group.owner,
            },
        )[0]  # fmt: skip
        now = clock.now()
        touch.planned_at = touch.due_at = now
        touch.window_ends_at = now + (date(2026, 1, 2) - date(2026, 1, 1))
        touch.save()
    return touch


def at_wecom(world: Any) -> list[dict[str, Any]]:
    """The attachments of the last mass send as the corp holds it."""
    with tenant_scope(world.tenant):
        msgid = OutboundSend.objects.get(kind="mass_send").vendor_id
        client = client_for(world.tenant.pk, world.app.pk)
        now = int(clock.now().timestamp())
        rows = list(client.mass_sends.every(chat_type="group", start_time=now - 3600, end_time=now + 3600))
    return next(list(row["attachments"]) for row in rows if row["msgid"] == msgid)


def test_each_kind_of_attachment_arrives_with_its_file_uploaded_once(world: Any, touch: Touch) -> None:
    with tenant_scope(world.tenant):
        dispatch_due(tenant_id=world.tenant.pk)
    world.settle()
    with tenant_scope(world.tenant):
        touch.refresh_from_db()
        assert (touch.state, OutboundSend.objects.get(kind="mass_send").error) == ("handed", "")
    image, link, mini, video, file = at_wecom(world)
    assert [one["msgtype"] for one in (image, link, mini, video, file)] == [
        "image", "link", "miniprogram", "video", "file",
    ]  # fmt: skip
    assert link["link"]["title"].endswith("的课程大纲")
    assert "{" not in link["link"]["title"]
    assert "/r/" in link["link"]["url"]
    assert mini["miniprogram"]["pic_media_id"] == image["image"]["media_id"]
    assert video["video"]["media_id"] != file["file"]["media_id"]
    assert world.calls("media/upload") == 3


def test_a_phone_gets_the_same_parts_in_the_shapes_of_its_script(world: Any, touch: Touch) -> None:
    with tenant_scope(world.tenant):
        dispatch_due(tenant_id=world.tenant.pk)
        touch.refresh_from_db()
        parts = forward_parts(tenant_id=world.tenant.pk, touch=touch)
    assert [one["msgtype"] for one in parts["chat"]] == ["image", "news", "miniprogram", "video", "file"]
    assert [one["msgtype"] for one in parts["share"]] == ["image", "link", "miniprogram", "video", "file"]
    assert parts["chat"][0]["image"]["mediaid"]
    assert "/r/" in parts["chat"][1]["news"]["link"]
    assert parts["chat"][2]["miniprogram"]["imgUrl"].startswith("http")
    assert parts["share"][3]["video"] == parts["chat"][3]["video"]
