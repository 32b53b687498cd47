"""What the tests of notices share: telling somebody, and what became of it."""

from typing import Any

import pytest
from django.db import transaction

from team.enums import NoticeKind
from team.models import Staff, Telling
from team.services import work_item_put
from team.services.notices import notify
from tenants.models import Tenant
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ZONE = "Asia/Shanghai"


def told(staff: Staff) -> dict[str, str]:
    """{channel: state} of the one notice of a staff member."""
    return dict(Telling.objects.filter(notice__staff=staff).values_list("channel", "state"))


def say(
    staff: Staff, kind: str = NoticeKind.LEAD, key: str = "k1", title: Any = "王女士点了支付", **more: Any
) -> int:
    with transaction.atomic():
        return notify(
            tenant_id=staff.tenant_id, staff_ids=[staff.pk], kind=kind, title=title, url="/t/x/leads/1/", key=key,
            **more,
        )  # fmt: skip


def cards() -> list[dict[str, Any]]:
    """What waits for WeCom: the contents of the messages in their order."""
    return [row.payload["content"] for row in OutboundSend.objects.filter(kind="app_message").order_by("pk")]


def put(tenant: Tenant, staff: Staff | None, number: int, **fields: Any) -> None:
    values = {
        "kind": "alert",
        "bucket": "must",
        "title": f"警报{number}",
        "reason": "群里有人违规",
        "url": "/t/x/",
    }
    work_item_put(
        tenant_id=tenant.pk, source_kind=fields.pop("source_kind", "groups.violation"), source_id=number,
        staff_id=staff.pk if staff else None, **{**values, **fields},
    )  # fmt: skip
