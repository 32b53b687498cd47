"""Messages lie in monthly partitions: closed to other tenants each by itself, made and dropped by nobody but us."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.wecom import make_app
from wecom.archive import months
from wecom.models import ArchivedMessage

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MARCH = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def _keep(tenant: Tenant, msgid: str, at: datetime) -> ArchivedMessage:
    app = make_app(tenant=tenant)
    return ArchivedMessage.objects.create(
        tenant=tenant,
        app=app,
        msgid=msgid,
        action="send",
        msgtype="text",
        sent_at=at,
        content={"content": "好"},
    )


def _lies_in(msgid: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select tableoid::regclass::text from wecom_archivedmessage where msgid = %s", [msgid])
        return cursor.fetchone()[0]


def test_a_message_lies_in_the_partition_of_its_month(tenant: Tenant) -> None:
    months.ensure([MARCH])
    with tenant_scope(tenant):
        _keep(tenant, "m1", MARCH)
        _keep(tenant, "m0", datetime(1999, 1, 1, tzinfo=UTC))

        assert _lies_in("m1") == "wecom_archivedmessage_202603"
        assert _lies_in("m0") == "wecom_archivedmessage_other"


def test_a_partition_named_directly_shows_nothing_of_others(tenant: Tenant, other_tenant: Tenant) -> None:
    months.ensure([MARCH])
    with tenant_scope(tenant):
        _keep(tenant, "m1", MARCH)
    with tenant_scope(other_tenant), connection.cursor() as cursor:
        cursor.execute("select count(*) from wecom_archivedmessage_202603")
        through_part = cursor.fetchone()[0]
        cursor.execute("select count(*) from wecom_archivedmessage")
        through_whole = cursor.fetchone()[0]

    assert (through_part, through_whole) == (0, 0)


def test_a_month_is_dropped_only_when_it_is_empty(tenant: Tenant) -> None:
    months.ensure([MARCH])
    with tenant_scope(tenant):
        row = _keep(tenant, "m1", MARCH)
        assert months.drop(MARCH.date()) is False
        ArchivedMessage.objects.filter(pk=row.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")  # the commit of real life

    assert months.drop(MARCH.date()) is True
    assert months.drop(MARCH.date()) is False


def test_a_month_in_use_is_not_locked_by_the_sweep_for_empty_ones(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    months.ensure([MARCH, MARCH - timedelta(days=59)])
    with tenant_scope(tenant):
        _keep(tenant, "m1", MARCH)
    tried: list[date] = []

    def noted(month: date) -> bool:
        tried.append(month)
        return True

    monkeypatch.setattr(months, "drop", noted)

    months.drop_empty(before=date(2026, 5, 1))

    assert date(2026, 1, 1) in tried
    assert date(2026, 3, 1) not in tried


def test_messages_older_than_the_tenant_keeps_are_deleted_with_their_files(
    tenant: Tenant, other_tenant: Tenant, frozen: MovableClock
) -> None:
    old, young = frozen.moment - timedelta(days=400), frozen.moment - timedelta(days=300)
    months.ensure([old, young])
    for one in (tenant, other_tenant):
        with tenant_scope(one):
            _keep(one, f"old{one.pk}", old)
            _keep(one, f"young{one.pk}", young)
    with tenant_scope(other_tenant):
        Preference.objects.create(tenant=other_tenant, key="archive.retention_days", value=0)

    left = []
    for one in (tenant, other_tenant):
        with tenant_scope(one):
            months.forget_old(tenant_id=one.pk)
            left += ArchivedMessage.objects.order_by("msgid").values_list("msgid", flat=True)

    assert left == [f"young{tenant.pk}", f"old{other_tenant.pk}", f"young{other_tenant.pk}"]
