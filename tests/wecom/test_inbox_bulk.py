"""Deciding about many events at once, and their names in plain words."""

import pytest
from django.utils import translation

from tenants import clock
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.wecom.conftest import event_xml, make_app
from wecom import names
from wecom.inbox import bulk, ingest
from wecom.models import InboundEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def web(client, tenant):
    user = User.objects.get(email="lin@example.com")
    user.language = "en"
    user.save()
    client.force_login(user)
    return client


def dead(tenant, app, number, *, change="update", state="dead", event="change_external_chat"):
    with tenant_scope(tenant):
        return InboundEvent.objects.create(
            tenant=tenant, app=app, source="callback", dedupe_key=f"{tenant.pk}.{number}",
            body=event_xml(f"wr{number}", change=change), event=event, change_type=change,
            mailbox=f"chat:wr{number}", received_at=clock.now(), state=state, attempts=6, error="boom",
        ).pk  # fmt: skip


def states(tenant):
    with tenant_scope(tenant):
        return list(InboundEvent.objects.order_by("pk").values_list("state", flat=True))


def verbs(tenant):
    with tenant_scope(tenant):
        found = AuditEntry.objects.filter(verb__startswith="wecom.inbound").order_by("pk")
        return [(row.verb, row.changes["count"][1], row.reason) for row in found]


def url(tenant, rest=""):
    return f"/t/{tenant.slug}/settings/inbox/{rest}"


def test_all_of_a_kind_are_processed_again_once(web, tenant, app, no_handlers, queued):
    seen = []
    ingest.register_inbound("change_external_chat", lambda event: seen.append(event.inbound_id))
    wanted = [dead(tenant, app, number) for number in range(3)]
    other = dead(tenant, app, 9, change="dismiss")
    post = {"every": "1", "query": "state=dead&kind=change_external_chat|update"}
    first = web.post(url(tenant, "bulk/replay/"), post)
    assert first.status_code == 302
    assert states(tenant) == ["pending", "pending", "pending", "dead"]
    web.post(url(tenant, "bulk/replay/"), post)  # nothing dead of that kind is left: nothing happens twice
    web.post(url(tenant, "bulk/replay/"), {"pick": wanted})
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
    assert seen == wanted
    assert states(tenant) == ["done", "done", "done", "dead"]
    web.post(url(tenant, "bulk/replay/"), {"pick": wanted})  # what is done stays done
    assert states(tenant) == ["done", "done", "done", "dead"]
    assert other
    assert verbs(tenant) == [("wecom.inbound.replayed_many", 3, "")]
    page = web.get(first.headers["location"]).content.decode()
    assert "3 of 3 processed again." in page


def test_progress_is_told_while_a_batch_runs(web, tenant, app, no_handlers, queued):
    def fails(event):
        if event.fields["ChatId"] == "wr1":
            raise RuntimeError("boom")

    ingest.register_inbound("change_external_chat", fails)
    ids = [dead(tenant, app, number) for number in range(2)]
    target = web.post(url(tenant, "bulk/replay/"), {"pick": ids}).headers["location"]
    token = target.partition("batch=")[2]
    part = web.get(url(tenant, f"batches/{token}/")).content.decode()
    assert "0 of 2 processed again." in part
    assert "every 2s" in part
    with tenant_scope(tenant):
        ingest.drain(tenant_id=tenant.pk)
    part = web.get(url(tenant, f"batches/{token}/")).content.decode()
    assert "1 of 2 processed again." in part
    assert "1 is tried again later." in part


def test_closing_many_asks_why_and_can_be_taken_back(web, tenant, app):
    ids = [dead(tenant, app, number) for number in range(2)]
    ids.append(dead(tenant, app, 5, state="done"))
    page = web.post(url(tenant, "bulk/discard/"), {"pick": ids})
    assert "Close 3 events" in page.content.decode()
    assert states(tenant) == ["dead", "dead", "done"]
    empty = web.post(url(tenant, "bulk/discard/"), {"pick": ids, "decided": "1", "reason": " "})
    assert empty.status_code == 422
    answer = web.post(
        url(tenant, "bulk/discard/"), {"pick": ids, "decided": "1", "reason": "test corp"}, follow=True
    )
    assert states(tenant) == ["discarded", "discarded", "done"]
    text = answer.content.decode()
    undo = text.partition("bulk/undo/?batch=")[2].partition('"')[0]
    assert undo
    for _ in range(2):
        web.post(url(tenant, f"bulk/undo/?batch={undo}"))
    assert states(tenant) == ["dead", "dead", "done"]
    assert verbs(tenant) == [
        ("wecom.inbound.discarded_many", 2, "test corp"),
        ("wecom.inbound.taken_back", 2, ""),
    ]


def test_another_tenants_events_and_batches_are_out_of_reach(web, tenant, other_tenant, app, owner):
    foreign = make_app(other_tenant, corp_id="ww2", slug="two")
    pk = dead(other_tenant, foreign, 1)
    web.post(url(tenant, "bulk/replay/"), {"pick": [pk]})
    web.post(url(tenant, "bulk/discard/"), {"pick": [pk], "decided": "1", "reason": "x"})
    assert states(other_tenant) == ["dead"]
    with tenant_scope(tenant):
        mine = bulk.replay_many(tenant=tenant, ids=[dead(tenant, app, 1)], actor=owner)
    assert bulk.progress(tenant_id=other_tenant.pk, token=mine.token) is None


def test_events_are_named_in_plain_words_in_both_languages(web, tenant, app):
    dead(tenant, app, 1)
    dead(tenant, app, 2, event="change_external_contact", change="add_external_contact")
    page = web.get(url(tenant)).content.decode()
    assert "Customer group changed" in page
    assert "New customer" in page
    assert "change_external_chat</a>" not in page
    found = web.get(url(tenant, "?q=group+changed")).content.decode()
    assert "wr1" in found
    assert "wr2" not in found
    with translation.override("zh-hans"):
        assert names.event_name("change_external_chat", "update") == "客户群有变更"
        assert names.event_name("brand_new_event") == "brand_new_event"


def test_a_kind_to_decide_can_be_processed_again_from_its_tab(web, tenant, app):
    dead(tenant, app, 1)
    page = web.get(url(tenant, "?state=dead")).content.decode()
    assert "Process all again" in page
    assert "kind=change_external_chat%7Cupdate" in page
