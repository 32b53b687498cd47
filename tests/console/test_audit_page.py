"""The audit page: found by who and by object, the chain's state, and what a broken one says."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from console.tasks import check, check_due, seal, seal_due
from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.enums import AuditFinding, Role
from tenants.models import AuditCheck, AuditSeal, Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.tenants import make_member

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
LAN, LIN = Actor(kind="user", id=41, name="周岚"), Actor(kind="user", id=42, name="林晓")


@pytest.fixture
def client(tenant: Tenant) -> Client:
    made = Client()
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed to a worker is done here and now."""

    def run(task_name: str, *, tenant_id: int, **told: str) -> None:
        {"console.audit_seal": seal, "console.audit_check": check}[task_name](tenant_id=tenant_id, **told)

    monkeypatch.setattr("console.tasks.enqueue", run)
    monkeypatch.setattr("console.views.audit.enqueue", run)


def url(tenant: Tenant, name: str = "audit") -> str:
    return reverse(f"console:{name}", kwargs={"tenant_slug": tenant.slug})


def test_entries_are_found_by_who_did_them_and_by_what_they_were_done_to(
    client: Client, tenant: Tenant
) -> None:
    with tenant_scope(tenant):
        audit.record(tenant=tenant, actor=LAN, verb="a.b.one", target=tenant)
        audit.record(tenant=tenant, actor=LIN, verb="a.b.two")
        audit.record(tenant=tenant, actor=SYSTEM, verb="a.b.three")
        told = {name: pk for pk, name in _actors(client, tenant)}
        assert told["周岚"] == "user:41"
    shown = {one: client.get(url(tenant), {"who": one}).text for one in ("user:41", "user:42", "system:")}
    assert ["a.b.one" in shown["user:41"], "a.b.two" in shown["user:41"]] == [True, False]
    assert ["a.b.two" in shown["user:42"], "a.b.three" in shown["user:42"]] == [True, False]
    assert ["a.b.three" in shown["system:"], "a.b.one" in shown["system:"]] == [True, False]
    about = client.get(url(tenant), {"target": f"tenants.tenant:{tenant.pk}"}).text
    assert ["a.b.one" in about, "a.b.two" in about] == [True, False]
    assert client.get(url(tenant), {"who": "user:abc"}).status_code == 200
    assert client.get(url(tenant), {"target": "nothing"}).status_code == 200


def _actors(client: Client, tenant: Tenant) -> list[tuple[str, str]]:
    fields = client.get(url(tenant)).context["bar"].fields
    (who,) = [drop.field for drop in fields if drop.field.name == "who"]
    return [(key, name) for key, name in who.field.choices if key]


def test_the_ticks_chain_and_verify_and_the_page_says_so(
    client: Client, tenant: Tenant, at_once: None
) -> None:
    assert "还没有核验过" in client.get(url(tenant)).text
    seal_due()
    with tenant_scope(tenant):
        assert AuditSeal.objects.filter(number=None).count() == 0
    check_due()
    with tenant_scope(tenant):
        (made,) = AuditCheck.objects.all()
        assert made.finding == AuditFinding.WHOLE
    check_due()
    with tenant_scope(tenant):
        assert AuditCheck.objects.count() == 1  # once a day
    page = client.get(url(tenant)).text
    assert f"{made.number}:{made.link}" in page
    assert "每日核验" in page


def test_the_button_verifies_at_once_and_the_page_waits_for_the_result(
    client: Client, tenant: Tenant, at_once: None
) -> None:
    answer = client.post(url(tenant, "audit_verify"))
    assert answer.status_code == 302
    with tenant_scope(tenant):
        (made,) = AuditCheck.objects.all()
        assert made.asked_by == str(User.objects.get(email="lin@example.com"))
    assert "hx-get" not in client.get(url(tenant, "audit_verify"), {"wait": "0"}).text
    waiting = client.get(url(tenant, "audit_verify"), {"wait": str(made.pk)}).text
    assert "hx-get" in waiting


def test_a_chain_that_does_not_hold_is_said_loudly_with_the_entry(client: Client, tenant: Tenant) -> None:
    with tenant_scope(tenant):
        entry = audit.record(tenant=tenant, actor=LAN, verb="a.b.one", target=tenant)
        AuditCheck.objects.create(
            tenant=tenant, entries=3, number=3, link="0" * 64, finding=AuditFinding.ALTERED, broken_number=4,
            broken_entry_id=entry.pk,
        )  # fmt: skip
    page = client.get(url(tenant)).text
    assert 'role="alert"' in page
    assert f"?entry={entry.pk}" in page
    found = client.get(url(tenant), {"entry": str(entry.pk)}).text
    assert found.count("<tr") == 2


def test_the_file_with_the_chain_is_for_those_who_manage_and_leaves_a_trace(
    client: Client, tenant: Tenant, at_once: None
) -> None:
    seal_due()
    lines = b"".join(client.get(url(tenant, "audit_file")).streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    head = json.loads(lines[0])
    assert (head["format"], head["entries"]) == ("qunce-audit-1", len(lines) - 1)
    with tenant_scope(tenant):
        assert audit.AuditEntry.objects.filter(verb="console.list.exported").count() == 1
        other = make_member(tenant=tenant, role=Role.LEADER)
    stranger = Client()
    stranger.force_login(other.user)
    assert stranger.get(url(tenant, "audit_file")).status_code == 403


def test_a_trail_longer_than_what_is_counted_says_more_than(
    client: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.views.audit.Audit.count_most", 25)
    with tenant_scope(tenant):
        audit.record_many(tenant=tenant, actor=LAN, verb="a.b.one", targets=[tenant] * 40)
    page = client.get(url(tenant), {"size": "25"}).text
    assert "超过 25 条" in page
