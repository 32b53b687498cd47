"""From where callbacks land to the inbox: each once, in order, whoever files and whoever dies meanwhile."""

import pytest
from django.db import connection

from tenants.scoping import tenant_scope, unscoped
from tests.factories.wecom import land
from tests.parallel import in_parallel
from tests.reliability import killing
from tests.wecom.conftest import event_xml, make_app
from wecom import tasks
from wecom.inbox import filing, ingest
from wecom.inbox.filing import Filed, file_landed
from wecom.models import InboundEvent, Landed

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def filed(tenant):
    """(number, group) of what lies in the inbox."""
    with tenant_scope(tenant):
        rows = InboundEvent.objects.order_by("pk").values_list("pk", "mailbox")
        return [(number, mailbox.removeprefix("chat:")) for number, mailbox in rows]


def test_what_came_twice_is_filed_once_under_its_first_number(tenant, app):
    with tenant_scope(tenant):
        first, second, _again = land(app, event_xml("wrA"), event_xml("wrB"), event_xml("wrA"))
        assert file_landed(tenant_id=tenant.pk) == Filed(taken=3, new=2)
        land(app, event_xml("wrB"))
        assert file_landed(tenant_id=tenant.pk) == Filed(taken=1, new=0)
        assert not Landed.objects.exists()
    assert filed(tenant) == [(first, "wrA"), (second, "wrB")]


def test_more_than_one_go_holds_are_all_processed_though_the_first_go_brings_nothing_new(
    tenant, app, no_handlers, monkeypatch
):
    monkeypatch.setattr(filing, "MOST_AT_ONCE", 2)
    seen = []
    ingest.register_inbound("change_external_chat", lambda event: seen.append(event.fields["ChatId"]))
    with tenant_scope(tenant):
        land(app, event_xml("wrA"))
        assert ingest.drain(tenant_id=tenant.pk) == 1
        land(app, event_xml("wrA"), event_xml("wrA"), event_xml("wrB"), event_xml("wrC"), event_xml("wrD"))
        assert ingest.drain(tenant_id=tenant.pk) == 3
    assert seen == ["wrA", "wrB", "wrC", "wrD"]


def test_workers_that_file_at_the_same_moment_lose_and_double_nothing(tenant, app, monkeypatch):
    monkeypatch.setattr(filing, "MOST_AT_ONCE", 7)
    groups = [f"wr{number:03}" for number in range(60)]
    with tenant_scope(tenant):
        land(app, *(event_xml(one) for one in groups))

    def work(_number):
        with tenant_scope(tenant):
            while file_landed(tenant_id=tenant.pk).taken:
                pass

    in_parallel(4, work)
    assert [group for _number, group in filed(tenant)] == groups


def test_a_worker_killed_in_the_middle_of_filing_forgets_nothing(tenant, app):
    with tenant_scope(tenant):
        land(app, event_xml("wrA"), event_xml("wrB"))
    assert killing.kill_at(
        "wecom.inbox.filing:_filed", count=2, tenant_id=tenant.pk, job="wecom.inbox.filing:file_landed"
    )  # rows taken, none filed
    assert filed(tenant) == []
    killing.run(tenant_id=tenant.pk, job="wecom.inbox.filing:file_landed")
    assert [group for _number, group in filed(tenant)] == ["wrA", "wrB"]


def test_one_tenants_worker_files_nothing_of_another(tenant, other_tenant, app):
    other = make_app(other_tenant)
    with tenant_scope(other_tenant):
        land(other, event_xml("wrB"))
    with tenant_scope(tenant):
        land(app, event_xml("wrA"))
        assert file_landed(tenant_id=tenant.pk).taken == 1
    assert (len(filed(tenant)), filed(other_tenant)) == (1, [])


def test_the_tick_finds_what_landed_while_nobody_could_be_woken(tenant, app, queued):
    with tenant_scope(tenant):
        land(app, event_xml())
    tasks.drain_inbound()
    assert queued == [("wecom.process_inbound", {"tenant_id": tenant.pk})]


def test_rows_are_taken_by_an_index_that_leads_with_the_tenant(tenant):
    with unscoped("a test reads the catalogue"), connection.cursor() as cursor:
        cursor.execute("select indexdef from pg_indexes where tablename = 'wecom_landed'")
        assert [one[0].split("(")[1] for one in cursor.fetchall()] == ["tenant_id, id)"]
