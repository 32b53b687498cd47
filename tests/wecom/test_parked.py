"""A send nobody knows the outcome of: a person sees what, to whom and what WeCom says, and decides once."""

import pytest
from django.db import transaction
from django.urls import reverse

from outbox.models import EventRow
from tenants import clock
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from wecom import decisions, services
from wecom.enums import AppState
from wecom.errors import ChoiceMissing, NothingToDecide, ReasonMissing
from wecom.models import App, OutboundSend
from wecom.sending import ledger, outbound, parked

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def group(live, simulator):
    found = simulator.ask("GET", f"/sim/corps/{live.corp_id}")["groups"][0]
    return found["chat_id"], found["owner"]


@pytest.fixture
def send(tenant, live, simulator, group):
    """A mass send that WeCom made, of which we lost the answer."""
    payload = {"chat_type": "group", "sender": group[1], "chat_ids": [group[0]], "text": "今晚 8 点开营"}
    with tenant_scope(tenant), transaction.atomic():
        row = services.send_queue(tenant=tenant, kind="mass_send", key="t1", payload=payload, ref_kind="x")
    with tenant_scope(tenant):
        outbound.drain(tenant_id=tenant.pk)
        row.refresh_from_db()
        made, row.state, row.vendor_id = row.vendor_id, "unknown", ""
        row.next_at = clock.now() + outbound.LOOK_FOR
        row.save()
    row.made = made
    return row


def decide(tenant, row, owner, choice, **more):
    with tenant_scope(tenant):
        given = {"reason": "在小芽的手机上看过", **more}
        return decisions.send_decide(tenant=tenant, send_id=row.pk, choice=choice, actor=owner, **given)


def published(tenant):
    """What was told after the person's decision."""
    with tenant_scope(tenant):
        return [
            (row.payload["state"], row.payload["vendor_id"])
            for row in EventRow.objects.filter(name="wecom.send.finished").order_by("pk")[1:]
        ]


def made(simulator):
    return simulator.calls().get("externalcontact/add_msg_template 0", 0)


def test_wecom_tells_which_mass_send_it_may_be_and_whether_it_went_out(tenant, live, simulator, send, group):
    with tenant_scope(tenant):
        (one,) = parked.evidence_of(send).listed
        assert (one.msgid, one.is_taken, one.is_confirmed) == (send.made, False, False)
        simulator.act("staff/confirm-mass-send", corp_id=live.corp_id, msgid=send.made, userid=group[1])
        assert parked.evidence_of(send).listed[0].is_confirmed
        send.payload["text"] = "别的话"
        assert parked.evidence_of(send).listed == []


def test_evidence_says_why_it_is_missing(tenant, send):
    with tenant_scope(tenant):
        App.objects.update(state=AppState.BROKEN, state_code=40001)
        found = parked.evidence_of(send)
        assert "Secret" in found.error or "secret" in found.error
        send.kind = "remind_mass_send"
        assert not parked.evidence_of(send).is_told


def test_it_was_sent_takes_wecoms_id_so_that_the_result_can_be_read(tenant, simulator, send, owner):
    before = made(simulator)
    with pytest.raises(ChoiceMissing):
        decide(tenant, send, owner, "done")
    decide(tenant, send, owner, "done", vendor_id=send.made)
    assert published(tenant) == [("done", send.made)]
    with pytest.raises(NothingToDecide):
        decide(tenant, send, owner, "again")
    assert made(simulator) == before
    with tenant_scope(tenant):
        entry = AuditEntry.objects.get(verb="wecom.send.found_sent")
    assert entry.reason == "在小芽的手机上看过"


def test_anothers_mass_send_is_not_taken_for_this_one(tenant, send, owner):
    with tenant_scope(tenant):
        OutboundSend.objects.create(
            tenant=tenant, kind="mass_send", key="other", payload={}, vendor_id=send.made, state="done"
        )
        assert parked.evidence_of(send).listed[0].is_taken
    with pytest.raises(ChoiceMissing):
        decide(tenant, send, owner, "done", vendor_id=send.made)


def test_send_it_again_makes_one_more_and_is_worth_sending_anew(tenant, simulator, send, owner):
    before = made(simulator)
    with tenant_scope(tenant):
        OutboundSend.objects.filter(pk=send.pk).update(expires_at=clock.now())
    decide(tenant, send, owner, "again")
    with tenant_scope(tenant):
        outbound.drain(tenant_id=tenant.pk)
        send.refresh_from_db()
    assert (send.state, made(simulator) - before) == ("done", 1)


def test_drop_ends_it_without_a_call(tenant, simulator, send, owner):
    before = made(simulator)
    with pytest.raises(ReasonMissing):
        decide(tenant, send, owner, "drop", reason=" ")
    with pytest.raises(ChoiceMissing):
        decide(tenant, send, owner, "maybe")
    decide(tenant, send, owner, "drop")
    assert published(tenant) == [("cancelled", "")]
    with tenant_scope(tenant):
        outbound.drain(tenant_id=tenant.pk)
    assert made(simulator) == before


def test_the_page_names_what_whom_and_what_each_choice_causes(tenant, send, owner, client):
    client.force_login(User.objects.get(pk=owner.id))
    url = reverse("wecom:send_detail", kwargs={"tenant_slug": tenant.slug, "pk": send.pk})
    page = client.get(url).content.decode()
    assert "今晚 8 点开营" in page
    assert page.count('name="choice"') == 3
    told = client.get(reverse("wecom:send_evidence", kwargs={"tenant_slug": tenant.slug, "pk": send.pk}))
    assert send.made in told.content.decode()
    answer = client.post(url, {"choice": "done", "msgid": send.made, "reason": "看过"})
    assert answer.status_code == 302
    assert published(tenant) == [("done", send.made)]


def test_the_limits_page_keeps_and_takes_back_a_rule(tenant, owner, client):
    client.force_login(User.objects.get(pk=owner.id))
    url = reverse("wecom:quota", kwargs={"tenant_slug": tenant.slug})
    assert client.get(url).status_code == 200
    assert client.post(url, {"rule": "7_week", "effective_from": "2026-01-01"}).status_code == 302
    with tenant_scope(tenant):
        (row,) = ledger.quota_rule_list(tenant_id=tenant.pk)
    assert (row.rule, row.limit) == ("7_week", None)
    assert client.post(url, {"rule": "7_week", "limit": "0", "effective_from": "x"}).status_code == 422
    client.post(reverse("wecom:quota_forget", kwargs={"tenant_slug": tenant.slug, "pk": row.pk}))
    assert 'method="post"' in client.get(url).content.decode()
