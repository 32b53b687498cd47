"""Signing in over the real wire: the simulator shows the code, a person scans, the product asks whose code it is."""

from typing import Any

import httpx
import pytest
from django.test import Client

from team.services import staff_ensure, staff_let_in
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.simulated import Simulator
from wecom.gateway.client import client_for
from wecom.models import App

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def userid(tenant: Tenant, live: App, simulator: Simulator, owner: Actor) -> str:
    """A staff member of the simulated corp who may enter the console."""
    found = simulator.ask("GET", f"/sim/corps/{live.corp_id}")["staff"][0]
    named = found["userid"] if isinstance(found, dict) else found
    with tenant_scope(tenant):
        staff = staff_ensure(tenant_id=tenant.pk, app_id=live.pk, userid=named)
        staff_let_in(tenant=tenant, staff_id=staff.pk, role=Role.OPERATOR, actor=owner)
    return str(named)


def walk(url: str, person: str) -> dict[str, Any]:
    """A person at WeCom's page: what they bring back."""
    answer = httpx.get(url, headers={"x-sim-person": person}, trust_env=False)
    assert answer.status_code == 302, answer.text
    return dict(httpx.URL(answer.headers["location"]).params)


def test_scan_signs_in_and_the_same_code_signs_in_nobody_else(
    tenant: Tenant, live: App, simulator: Simulator, userid: str
) -> None:
    base, first = f"/login/{tenant.slug}/", Client(headers={"accept-language": "en"})
    back = walk(first.get(f"{base}wecom/").headers["location"], f"{live.corp_id}:{userid}")
    assert first.get(f"{base}back/", back).status_code == 302
    assert first.get(f"/t/{tenant.slug}/").status_code == 200
    thief = Client(headers={"accept-language": "en"})
    own = walk(thief.get(f"{base}wecom/").headers["location"], f"{live.corp_id}:{userid}")
    stolen = thief.get(f"{base}back/", {"code": back["code"], "state": own["state"]})
    assert (stolen.status_code, "This code was used already" in stolen.content.decode()) == (400, True)
    assert simulator.calls().get("auth/getuserinfo 40029", 0) >= 1


def test_inside_wecom_a_customer_is_told_that_the_page_is_for_staff(
    tenant: Tenant, live: App, simulator: Simulator, userid: str
) -> None:
    agent = "Mozilla/5.0 wxwork/4.1.22"
    browser = Client(headers={"accept-language": "en", "user-agent": agent})
    begun = browser.get(f"/login/{tenant.slug}/", follow=False)
    asked = browser.get(begun.headers["location"]).headers["location"]
    with tenant_scope(tenant):
        client = client_for(tenant.pk)
        everybody = client.call("follow_user_list")["follow_user"]
        person = next(client.pages("customer_batch", "external_contact_list", userid_list=everybody, limit=3))
    named = person["external_contact"]["external_userid"]
    back = walk(asked, f"{live.corp_id}:{named}")
    answer = browser.get(f"/login/{tenant.slug}/back/", back)
    assert (answer.status_code, "This page is for staff" in answer.content.decode()) == (403, True)
