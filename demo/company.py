"""One company: signed up, connected to its simulated corp, its data read for the first time."""

from dataclasses import dataclass
from typing import Any

from demo.vendor import Vendor
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tenants.services import api_key_create
from wecom.reading import checkup
from wecom.services import app_connect, app_set_greeting, sync_request

GREETING = "你好，我是班主任。先把课表和群里的安排发给你，有问题直接问我，两小时内一定回。"


@dataclass(frozen=True)
class Plan:
    """What to make. `customers` sit in `groups` groups; some in two or three."""

    name: str
    brand: str
    email: str
    owner_name: str
    staff: int
    groups: int
    customers: int
    seed: int
    overlap: float = 0.2  # this share of the people sits in two or three groups
    initial_share: float = 0.6  # this share sits there before the camp; the others join over its first days
    leads_a_visit: int = 40  # how many leads are followed up at one visit to the desk


@dataclass
class Company:
    plan: Plan
    tenant: Tenant
    owner: Actor
    corp_id: str
    corp: dict[str, Any]


def company_connect(*, plan: Plan, tenant: Tenant, owner: Actor, vendor: Vendor, web_url: str) -> Company:
    """What an administrator does in Settings -> WeCom, and in WeCom's own console."""
    corp = vendor.corp_make(
        name=plan.name,
        staff=plan.staff,
        groups=plan.groups,
        customers=plan.customers,
        seed=plan.seed,
        overlap=plan.overlap,
        initial_share=plan.initial_share,
        product_base_url=web_url,
    )
    with tenant_scope(tenant):
        app = app_connect(
            tenant=tenant,
            corp_id=corp["corp_id"],
            corp_name=plan.name,
            agent_id=corp["agentid"],
            secret=corp["secret"],
            actor=owner,
        )
        app_set_greeting(tenant=tenant, app_id=app.pk, greeting=GREETING, actor=owner)
        _, token = api_key_create(tenant=tenant, name="商城与教务", actor=owner)
    vendor.corp_set(
        corp["corp_id"],
        callback_url=f"{web_url}/wecom/callback/{app.slug}",
        token=app.token,
        aes_key=app.aes_key,
        api_key=token,
    )
    vendor.callback_verify(corp["corp_id"])
    with tenant_scope(tenant):
        checkup.run(tenant_id=tenant.pk, app_id=app.pk)
        sync_request(tenant.pk)
    return Company(plan=plan, tenant=tenant, owner=owner, corp_id=corp["corp_id"], corp=corp)
