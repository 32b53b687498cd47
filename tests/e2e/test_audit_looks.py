"""The audit page as people see it: whole, broken, in both languages."""

import pytest
from playwright.sync_api import Page

from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.enums import AuditFinding
from tenants.models import AuditCheck, Tenant, User
from tenants.scoping import tenant_scope
from tenants.sealing import audit_seal
from tenants.verifying import audit_check
from tests.e2e.conftest import look

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_audit_page_shows_that_the_chain_holds_and_where_it_does_not(
    tenant: Tenant, make_page: object
) -> None:
    owner = User.objects.get(email="lin@example.com")
    with tenant_scope(tenant):
        who = Actor(kind="user", id=owner.pk, name="林晓")
        for number in range(8):
            audit.record(
                tenant=tenant, actor=who if number % 3 else SYSTEM, verb="groups.group.frozen", target=tenant,
                changes={"state": ["running", "frozen"]}, reason="群里有人投诉，先停两天" if number % 2 else "",
            )  # fmt: skip
        audit_seal(tenant_id=tenant.pk)
        check = audit_check(tenant_id=tenant.pk)
    page: Page = make_page(owner)  # type: ignore[operator]
    page.goto(f"/t/{tenant.slug}/settings/audit/")
    assert f"{check.number}:{check.link}" in page.inner_text("main")
    look(page, "audit-whole")
    with tenant_scope(tenant):
        AuditCheck.objects.create(
            tenant=tenant, entries=4, number=4, link=check.link, finding=AuditFinding.ALTERED, broken_number=5,
            broken_entry_id=audit.AuditEntry.objects.latest("pk").pk,
        )  # fmt: skip
    page.goto(f"/t/{tenant.slug}/settings/audit/")
    look(page, "audit-broken")
    page.click(".q-note.is-bad a")
    page.wait_for_url("**?entry=*")
    assert page.locator("tbody tr").count() == 1
