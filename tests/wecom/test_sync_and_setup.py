"""The set-up page and the reading of everything, against the simulator."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.factories.wecom import arrive
from tests.wecom.conftest import event_xml, make_app
from wecom import decisions, selectors, services, tasks
from wecom.enums import AppState
from wecom.errors import NothingToDecide, ReasonMissing, Retryable
from wecom.inbox import ingest
from wecom.models import App, InboundEvent, OutboundSend, SyncState
from wecom.reading import checkup, sync

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def syncers(monkeypatch):
    table = {}
    monkeypatch.setattr(sync, "_syncers", table)
    return table


@pytest.fixture
def signed_in(client, tenant):
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def page(client, tenant, path):
    return client.get(f"/t/{tenant.slug}/settings/{path}")


# --- reading


def test_kinds_are_read_in_their_order_and_again_at_night(tenant, app, syncers, frozen):
    order = []
    for what in ("groups", "customers", "staff"):
        syncers[what] = lambda tenant_id, progress, what=what: order.append(what) or progress(3, 3) or 2
    with tenant_scope(tenant):
        services.sync_request(tenant.pk)
        assert sync.run_due(tenant_id=tenant.pk) == 3
        assert order == ["staff", "customers", "groups"]
        rows = list(SyncState.objects.all())
        assert {row.next_at for row in rows} == {datetime(2026, 3, 2, 19, 0, tzinfo=UTC)}  # 03:00 in Shanghai
        assert {row.lost_events for row in rows} == {0}  # the first read finds everything, nothing was lost
        frozen.set(datetime(2026, 3, 2, 19, 0, 1, tzinfo=UTC))
        assert sync.run_due(tenant_id=tenant.pk) == 3
        assert selectors.freshness(tenant_id=tenant.pk).lost_events == 6
        assert selectors.freshness(tenant_id=tenant.pk).state == "fresh"


def test_a_failed_read_says_why_and_comes_back(tenant, app, syncers, frozen):
    answers = [Retryable("busy", retry_at=frozen.moment + timedelta(minutes=1), code=-1), None]

    def syncer(tenant_id, progress):
        answer = answers.pop(0)
        if answer:
            raise answer

    syncers["staff"] = syncer
    with tenant_scope(tenant):
        services.sync_request(tenant.pk)
        sync.run_due(tenant_id=tenant.pk)
        row = SyncState.objects.get()
        assert (row.error_code, row.attempts) == (-1, 1)
        assert selectors.freshness(tenant_id=tenant.pk).state == "late"
        assert sync.run_due(tenant_id=tenant.pk) == 0
        frozen.move(minutes=2)
        assert sync.run_due(tenant_id=tenant.pk) == 1
        assert selectors.freshness(tenant_id=tenant.pk).state == "fresh"


def test_one_tenant_is_read_once_at_a_time(tenant, app, syncers):
    inner = []
    syncers["staff"] = lambda tenant_id, progress: inner.append(sync.run_due(tenant_id=tenant_id))
    with tenant_scope(tenant):
        services.sync_request(tenant.pk)
        assert sync.run_due(tenant_id=tenant.pk) == 1
    assert inner == [0]


def test_the_tick_wakes_due_reads_and_unchecked_apps(tenant, syncers, queued):
    syncers["staff"] = lambda tenant_id, progress: None
    app = make_app(tenant, state=AppState.NEW)
    with tenant_scope(tenant):
        services.sync_request(tenant.pk)
    queued.clear()
    tasks.sync_due()
    assert ("wecom.check_app", {"tenant_id": tenant.pk, "app_id": app.pk}) in queued
    assert ("wecom.run_syncs", {"tenant_id": tenant.pk}) in queued


# --- checks


def check(tenant, app):
    with tenant_scope(tenant):
        checkup.run(tenant_id=tenant.pk, app_id=app.pk)
        row = App.objects.get(pk=app.pk)
        return row, {one.step.key: one for one in checkup.results(row)}


def test_a_right_app_becomes_connected(tenant, live):
    with tenant_scope(tenant):
        App.objects.update(state=AppState.NEW)
    app, results = check(tenant, live)
    assert app.state == "connected"
    assert {key for key, one in results.items() if one.state != "ok"} == {"callback"}


def test_a_wrong_secret_is_said_with_the_page_to_mend_it_on(tenant, live, owner):
    with tenant_scope(tenant):
        App.objects.update(state=AppState.NEW, secret="wrong")
    app, results = check(tenant, live)
    assert (app.state, app.state_code) == ("broken", 40001)
    assert results["secret"].state == "bad"
    assert results["secret"].console
    assert results["secret"].todo
    with tenant_scope(tenant):
        services.app_rotate_secret(tenant=tenant, app_id=live.pk, secret=live.secret, actor=owner)
    assert check(tenant, live)[0].state == "connected"


def test_an_untrusted_address_heals_by_the_tick_once_trusted(tenant, live, simulator, frozen, queued):
    simulator.ask("PATCH", f"/sim/corps/{live.corp_id}", allowed_ips=["10.0.0.9"])
    app, results = check(tenant, live)
    assert (app.state, results["secret"].state, results["address"].state) == ("broken", "ok", "bad")
    simulator.ask("PATCH", f"/sim/corps/{live.corp_id}", allowed_ips=[])
    queued.clear()
    tasks.sync_due()
    assert [name for name, _ in queued if name == "wecom.check_app"] == []
    frozen.move(minutes=2)
    simulator.set_time(frozen.moment)
    tasks.sync_due()
    arguments = next(one for name, one in queued if name == "wecom.check_app")
    tasks.check_app(**arguments)
    with tenant_scope(tenant):
        assert App.objects.get().state == "connected"


def test_missing_permissions_are_named_and_the_rest_works(tenant, live, simulator):
    simulator.ask("PATCH", f"/sim/corps/{live.corp_id}", permissions=["contacts", "customers"])
    app, results = check(tenant, live)
    assert app.state == "connected"
    bad = {key for key, one in results.items() if one.state == "bad"}
    assert bad == {"permission.tags", "permission.groups", "permission.mass_send", "permission.tickets"}
    assert results["permission.groups"].code == 48002


# --- pages


def test_an_owner_connects_an_app_and_sees_its_callback_values(tenant, signed_in, simulator, settings):
    corp = simulator.corp()
    simulator.set_time(clock.now())
    assert page(signed_in, tenant, "wecom/").status_code == 200
    answer = signed_in.post(
        f"/t/{tenant.slug}/settings/wecom/",
        {"corp_id": f" {corp['corp_id']} ", "agent_id": corp["agentid"], "secret": corp["secret"]},
    )
    assert answer.status_code == 302
    with tenant_scope(tenant):
        app = App.objects.get()
    assert signed_in.post(f"/t/{tenant.slug}/settings/wecom/check/").status_code == 302
    text = page(signed_in, tenant, "wecom/").content.decode()
    for value in (app.token, app.aes_key, f"{settings.PUBLIC_URL}/wecom/callback/{app.slug}"):
        assert value in text
    assert corp["secret"] not in text
    assert "style=" not in text
    with tenant_scope(tenant):
        assert App.objects.get().state == "connected"


@pytest.mark.parametrize("path", ["wecom/", "wecom/status/", "inbox/", "inbox/sends/"])
def test_only_those_who_manage_may_look(tenant, live, signed_in, path):
    assert page(signed_in, tenant, path).status_code == 200
    with tenant_scope(tenant):
        from tenants.models import Membership  # noqa: PLC0415

        Membership.objects.update(role=Role.OPERATOR)
    assert page(signed_in, tenant, path).status_code == 403


def test_another_company_is_404(tenant, other_tenant, live, signed_in):
    assert page(signed_in, other_tenant, "wecom/").status_code == 404


def test_a_status_that_is_settled_asks_no_more(tenant, live, signed_in):
    check(tenant, live)
    with tenant_scope(tenant):
        App.objects.update(verified_at=clock.now())
    assert "hx-trigger" not in page(signed_in, tenant, "wecom/status/").content.decode().split("q-list")[0]


@pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("resume", "connected")])
def test_pause_and_resume(tenant, live, signed_in, verb, state):
    if verb == "resume":
        signed_in.post(f"/t/{tenant.slug}/settings/wecom/act/pause/")
    assert signed_in.post(f"/t/{tenant.slug}/settings/wecom/act/{verb}/").status_code == 302
    with tenant_scope(tenant):
        assert App.objects.get().state == state


@pytest.mark.parametrize("state", [AppState.NEW, AppState.BROKEN])
def test_pausing_and_resuming_makes_no_app_connected_that_does_not_work(tenant, live, signed_in, state):
    with tenant_scope(tenant):
        App.objects.update(state=state, state_code=40001 if state == AppState.BROKEN else 0)
    assert "act/pause/" not in page(signed_in, tenant, "wecom/").content.decode()
    for verb in ("pause", "resume"):
        signed_in.post(f"/t/{tenant.slug}/settings/wecom/act/{verb}/")
    with tenant_scope(tenant):
        assert App.objects.get().state == state


def dead_event(tenant, app, text="not xml"):
    with tenant_scope(tenant):
        return arrive(app, text)[0]


def test_an_unreadable_event_is_shown_replayed_and_discarded(tenant, live, signed_in, owner):
    pk = dead_event(tenant, live, "<<<🐟")
    url = f"/t/{tenant.slug}/settings/inbox/{pk}/"
    assert "&lt;&lt;&lt;🐟" in signed_in.get(url).content.decode()
    assert signed_in.post(url, {"verb": "replay"}).status_code == 302
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
        assert InboundEvent.objects.get(pk=pk).state == "dead"
    assert signed_in.post(url, {"verb": "discard", "reason": " "}).status_code == 409
    assert signed_in.post(url, {"verb": "discard", "reason": "测试数据"}).status_code == 302
    with tenant_scope(tenant):
        assert InboundEvent.objects.get(pk=pk).state == "discarded"
        with pytest.raises(NothingToDecide):
            decisions.inbound_discard(tenant=tenant, inbound_id=pk, reason="x", actor=owner)


def test_a_repaired_handler_processes_a_replayed_event(tenant, live, owner, no_handlers):
    seen = []
    pk = dead_event(tenant, live, event_xml("wrReplay"))
    ingest.register_inbound("change_external_chat", seen.append)
    with tenant_scope(tenant):
        decisions.inbound_replay(tenant=tenant, inbound_id=pk, actor=owner)
        ingest.drain(tenant_id=tenant.pk)
    assert [one.fields["ChatId"] for one in seen] == ["wrReplay"]


def test_a_parked_send_is_decided_by_a_person_with_a_reason(tenant, live, signed_in, owner):
    with tenant_scope(tenant), transaction.atomic():
        row = services.send_queue(tenant=tenant, kind="remind_mass_send", key="r", payload={"msgid": "m1"})
        OutboundSend.objects.update(state="unknown", error="the answer was lost")
    url = f"/t/{tenant.slug}/settings/inbox/sends/{row.pk}/"
    assert "the answer was lost" in signed_in.get(url).content.decode()
    assert signed_in.post(url, {"choice": "done"}).status_code == 409
    assert signed_in.post(url, {"choice": "done", "reason": "在客户端看到了"}).status_code == 302
    with tenant_scope(tenant):
        row.refresh_from_db()
        assert row.state == "done"
        with pytest.raises(NothingToDecide):
            decisions.send_decide(tenant=tenant, send_id=row.pk, choice="again", reason="x", actor=owner)
        with pytest.raises(ReasonMissing):
            decisions.send_decide(tenant=tenant, send_id=row.pk, choice="again", reason="", actor=owner)


def test_a_role_without_the_right_decides_nothing(tenant, live):
    pk = dead_event(tenant, live)
    viewer = Actor("user", 1, "v", PERMISSIONS[Role.LEADER])
    with tenant_scope(tenant), pytest.raises(NotPermitted):
        decisions.inbound_replay(tenant=tenant, inbound_id=pk, actor=viewer)


@pytest.mark.parametrize("count", [1, 3])
def test_the_inbox_costs_the_same_for_any_number_of_rows(
    tenant, live, signed_in, count, django_assert_max_num_queries
):
    for n in range(count):
        dead_event(tenant, live, f"broken {n}")
    page(signed_in, tenant, "inbox/")
    with django_assert_max_num_queries(25):
        text = page(signed_in, tenant, "inbox/").content.decode()
    assert text.count("not an XML document") == count
