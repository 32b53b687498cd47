"""A chat log from a file: every fault is told before anything is written, and only people who agreed are kept."""

import io
from typing import Any

import pytest
from openpyxl import Workbook

from contacts.errors import ImportRefused
from contacts.models import Behaviour, Customer, ImportBatch
from contacts.services.chatlogs import chat_import_check, chat_import_write
from contacts.services.imports import import_start
from outbox.relay import relay_tenant
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from wecom.archive.services import consent_record
from wecom.models import ArchivedMessage

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LOG = """群名,发送人,时间,内容
英语打卡3班,林妈妈,2026-03-01 20:05,老师，年课多少钱？
英语打卡3班,周岚,2026-03-01 20:06,稍等发您
英语打卡3班,陈爸爸,2026-03-01 20:07,我也想知道
没有的群,林妈妈,2026-03-01 20:08,在吗
英语打卡3班,谁也不是,2026-03-01 20:09,在吗
英语打卡3班,林妈妈,昨天,在吗
英语打卡3班,林妈妈,2026-03-01 20:10,
"""


@pytest.fixture
def group(tenant: Tenant, frozen: Any) -> Any:
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        made = make_group(tenant=tenant, app=app, chat_id="wrA", name="英语打卡3班", state="active")
        staff = make_staff(tenant=tenant, app=app, userid="zhou", name="周岚")
        make_member(group=made, userid="zhou", staff=staff, is_staff=True)
        for external, name in (("wm1", "林妈妈"), ("wm2", "陈爸爸")):
            one = make_customer(tenant=tenant, app=app, external_userid=external, name=name)
            make_member(group=made, userid=external, customer=one)
        yield made


def _check(tenant: Tenant, owner: Any, body: bytes = LOG.encode(), ground: str = "") -> ImportBatch:
    return chat_import_check(tenant=tenant, name="log.csv", raw=body, ground=ground, actor=owner)


def _write(tenant: Tenant, owner: Any, batch: ImportBatch) -> ImportBatch:
    import_start(tenant=tenant, batch_id=batch.pk, actor=owner)
    chat_import_write(tenant=tenant, batch_id=batch.pk)
    while relay_tenant(tenant_id=tenant.pk):
        pass
    return ImportBatch.objects.get(pk=batch.pk)


def test_a_file_is_judged_line_by_line_and_nothing_is_written(tenant: Tenant, owner: Any, group: Any) -> None:
    batch = _check(tenant, owner)

    assert (batch.total, batch.error_count, batch.withheld_count) == (7, 4, 2)
    assert [(one["line"], one["column"]) for one in batch.errors] == [
        (5, "group"),
        (6, "sender"),
        (7, "sent_at"),
        (8, "text"),
    ]
    assert ArchivedMessage.objects.count() == 0


def test_only_people_who_agreed_are_kept_and_staff(tenant: Tenant, owner: Any, group: Any) -> None:
    consent_record(
        tenant=tenant, app_id=group.app_id, person_id="wm1", agreed=True, ground="群公告", actor=owner
    )
    done = _write(tenant, owner, _check(tenant, owner))

    assert done.outcome == {"accepted": 2, "duplicate": 0, "withheld": 1}
    assert sorted(ArchivedMessage.objects.values_list("sender_id", flat=True)) == ["wm1", "zhou"]
    row = Behaviour.objects.get(kind="message")
    assert (row.customer.name, row.group, row.source) == ("林妈妈", group, "file")
    assert "多少钱" in row.text


def test_a_declared_ground_is_recorded_with_each_person_but_outweighs_no_refusal(
    tenant: Tenant, owner: Any, group: Any
) -> None:
    consent_record(
        tenant=tenant, app_id=group.app_id, person_id="wm2", agreed=False, ground="私聊", actor=owner
    )
    done = _write(tenant, owner, _check(tenant, owner, ground="入群须知第 3 条"))

    assert done.outcome["withheld"] == 1
    assert dict(Customer.objects.values_list("external_userid", "archive_consent")) == {
        "wm1": "agree",
        "wm2": "disagree",
    }
    assert Customer.objects.get(external_userid="wm1").archive_consent_source == "file"


def test_the_same_file_again_changes_nothing(tenant: Tenant, owner: Any, group: Any) -> None:
    _write(tenant, owner, _check(tenant, owner, ground="入群须知"))
    again = _write(tenant, owner, _check(tenant, owner, ground="入群须知"))

    assert again.outcome == {"accepted": 0, "duplicate": 3, "withheld": 0}
    assert ArchivedMessage.objects.count() == 3


def test_a_spreadsheet_is_read_like_its_csv(tenant: Tenant, owner: Any, group: Any) -> None:
    book = Workbook()
    for line in LOG.strip().split("\n"):
        book.active.append(line.split(","))
    raw = io.BytesIO()
    book.save(raw)

    batch = _check(tenant, owner, raw.getvalue())

    assert (batch.total, batch.error_count) == (7, 4)


@pytest.mark.parametrize("raw", [b"", b"a,b\n1,2", b"PK\x03\x04nonsense", b"\xff\xfe\x00\x01\x00"])
def test_a_file_that_is_no_chat_log_is_refused(tenant: Tenant, owner: Any, group: Any, raw: bytes) -> None:
    with pytest.raises(ImportRefused):
        _check(tenant, owner, raw)


def test_a_name_that_two_bear_needs_wecoms_id(tenant: Tenant, owner: Any, group: Any) -> None:
    twin = make_customer(tenant=tenant, app=group.app, external_userid="wm3", name="林妈妈")
    make_member(group=group, userid="wm3", customer=twin)
    batch = _check(tenant, owner, "群,发送人,时间,内容\n英语打卡3班,林妈妈,2026-03-01 20:05,好\n".encode())
    by_id = _check(
        tenant, owner, "群,发送人,时间,内容\n英语打卡3班,wm3,2026-03-01 20:05,好\n".encode(), "须知"
    )

    assert (batch.error_count, by_id.error_count) == (1, 0)
