"""One person's data handed out whole, and one person forgotten for good."""

import json
from typing import Any

import pytest
from django.apps import apps

from contacts.errors import ErasureUnproven
from contacts.models import Behaviour, Customer, Erasure, Follow, Order, PersonalExport, ProfileFact
from contacts.policies.personal import EXEMPT
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.customers import (
    ConsentHeard,
    PersonSeen,
    archive_consents_note,
    customers_ensure,
    customers_store,
)
from contacts.services.holdings import holdings
from contacts.services.personal import erased_heard, erasure_ask, export_ask, export_make
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import TenantModel, tenant_scope
from tests.conftest import MovableClock
from tests.contacts.erasing import SECRETS, erase, everything
from tests.contacts.test_views import body, sign_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_every_table_about_a_customer_is_in_the_registry_or_exempt_with_a_reason() -> None:
    known = {one.table for one in holdings()} | set(EXEMPT) | {"contacts.Customer"}
    about = {"contacts.Customer"}
    grew = True
    while grew:
        found = {
            model._meta.label
            for model in apps.get_models()
            if issubclass(model, TenantModel)
            and any(
                key.related_model is not None and key.related_model._meta.label in about
                for key in model._meta.concrete_fields
            )
        }
        grew = not found <= about
        about |= found
    assert about - known == set()
    assert all(len(reason) > 10 for reason in EXEMPT.values())
    assert {one.table for one in holdings()} & set(EXEMPT) == set()


def test_every_holding_names_columns_that_exist(tenant: Tenant, person: Customer) -> None:
    with tenant_scope(tenant):
        for one in holdings():
            assert one.rows(tenant_id=tenant.pk, records=[person]).count() >= 0
            columns = {field.name for field in apps.get_model(one.table)._meta.concrete_fields}
            assert set(one.clear) <= columns


def test_the_file_holds_everything_and_is_audited_and_ends(
    tenant: Tenant, owner: Actor, person: Customer, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        row = export_ask(tenant=tenant, customer_id=person.pk, actor=owner)
        export_make(tenant=tenant, export_id=row.pk)
        verbs = set(AuditEntry.objects.filter(tenant=tenant).values_list("verb", flat=True))
    client, url = sign_in(tenant, Role.OWNER), f"/t/{tenant.slug}/customers/{person.pk}/personal/"
    assert "Download" in body(client.get(url))
    told = body(client.get(f"{url}{row.pk}.json"))
    assert all(word in told for word in SECRETS)
    assert {"contacts.Order", "contacts.Follow", "contacts.Behaviour"} <= set(json.loads(told))
    assert "contacts.customer.data_exported" in verbs
    assert sign_in(tenant, Role.OPERATOR).get(f"{url}{row.pk}.json").status_code == 403
    with tenant_scope(tenant):
        PersonalExport.objects.filter(pk=row.pk).update(body="")
    assert client.get(f"{url}{row.pk}.json").status_code == 404


def test_after_erasing_nothing_names_the_person_and_figures_stay(
    tenant: Tenant, owner: Actor, person: Customer
) -> None:
    with tenant_scope(tenant):
        assert all(word in everything(tenant) for word in SECRETS)
        before = Behaviour.objects.count()
        row = erase(tenant, owner, person)
        left = everything(tenant)
        assert [word for word in SECRETS if word in left] == []
        assert (Behaviour.objects.count(), Order.objects.count(), Follow.objects.count()) == (before, 1, 1)
        assert not ProfileFact.objects.exists()
        assert row.done_at is not None
        assert (
            AuditEntry.objects.filter(
                tenant=tenant, verb="contacts.customer.erased", reason="本人要求"
            ).count()
            == 1
        )


def test_what_wecom_tells_later_brings_nothing_back(tenant: Tenant, owner: Actor, person: Customer) -> None:
    contact = {"external_userid": "wmsecret001", "name": "刘女士", "unionid": "union-secret", "type": 1}
    with tenant_scope(tenant):
        erase(tenant, owner, person)
        seen = [PersonSeen("wmsecret001", "刘女士", "union-secret")]
        ids = customers_ensure(tenant_id=tenant.pk, app_id=person.app_id, people=seen, seen_at=clock.now())
        assert ids == {"wmsecret001": person.pk}
        customers_store(tenant_id=tenant.pk, app_id=person.app_id, contacts=[contact], read_at=clock.now())
        heard = ConsentHeard("wmsecret001", "agree", "callback", clock.now())
        archive_consents_note(tenant_id=tenant.pk, app_id=person.app_id, heard=[heard])
        told = BehaviourItem(
            event_id="m2",
            kind="message",
            occurred_at=clock.now(),
            external_userid="wmsecret001",
            text="我家地址",
        )
        behaviour_record_many(tenant_id=tenant.pk, source="archive", items=[told])
        assert [word for word in SECRETS if word in everything(tenant)] == []
        assert Behaviour.objects.get(event_id="m2").customer_id == person.pk
        assert Customer.objects.count() == 1
        assert erased_heard(tenant_id=tenant.pk, app_id=person.app_id, external_userid="wmsecret001")
        assert Erasure.objects.get().heard_at is not None
        assert not erased_heard(tenant_id=tenant.pk, app_id=person.app_id, external_userid="wmother0001")


def test_erasing_needs_the_name_the_reason_and_the_right(
    tenant: Tenant, owner: Actor, person: Customer
) -> None:
    told: dict[str, Any] = {"tenant": tenant, "customer_id": person.pk, "reason": "本人要求"}
    leader = Actor("user", 1, "组长", PERMISSIONS[Role.LEADER])
    with tenant_scope(tenant):
        with pytest.raises(ErasureUnproven):
            erasure_ask(**told, typed="刘女", actor=owner)
        with pytest.raises(NotPermitted):
            erasure_ask(**told, typed="刘女士", actor=leader)
        assert not Erasure.objects.exists()
    client, url = sign_in(tenant, Role.OWNER), f"/t/{tenant.slug}/customers/{person.pk}/erase/"
    assert "PRIVACY-01" in body(client.post(url, {"typed": "别人", "reason": "x"}), 409)
    assert client.post(url, {"typed": "刘女士", "reason": "本人要求"}).status_code == 302
    with tenant_scope(tenant):
        assert Erasure.objects.count() == 1
