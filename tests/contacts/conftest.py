"""A person of whom a company knows much."""

import pytest

from contacts.models import Customer
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.profile import profile_edit
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import full_customer


@pytest.fixture
def person(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Customer:
    with tenant_scope(tenant):
        made = full_customer(
            tenant, name="刘女士", external_userid="wmsecret001", phone="13800138000", unionid="union-secret"
        )
        profile_edit(tenant=tenant, customer_id=made.pk, values={"occupation": "会计"}, actor=owner)
        told = BehaviourItem(
            event_id="m1",
            kind="message",
            occurred_at=clock.now(),
            external_userid="wmsecret001",
            text="我家地址",
        )
        behaviour_record_many(tenant_id=tenant.pk, source="archive", items=[told])
        return made
