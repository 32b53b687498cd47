"""What is secret of one person, everything that a company holds as text, and forgetting the person."""

from django.apps import apps

from contacts.models import Customer, Erasure
from contacts.policies.personal import EXEMPT
from contacts.services.personal import erasure_ask, erasure_run
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import TenantModel

SECRETS = ("刘女士", "13800138000", "wmsecret001", "果果妈妈", "会计", "union-secret", "我家地址")


def erase(tenant: Tenant, owner: Actor, person: Customer) -> Erasure:
    row = erasure_ask(tenant=tenant, customer_id=person.pk, typed="刘女士", reason="本人要求", actor=owner)
    for _ in range(2):
        erasure_run(tenant=tenant, erasure_id=row.pk)
    row.refresh_from_db()
    return row


def everything(tenant: Tenant) -> str:
    """All text that the tenant's tables hold, but what is exempt."""
    found = []
    for model in apps.get_models():
        if issubclass(model, TenantModel) and model._meta.label not in EXEMPT:
            found += [repr(list(model.objects.filter(tenant=tenant).values()))]
    return "\n".join(found)
