"""The people of a camp on the pages of customers: who stands on which trust stage, for how long (R33)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from contacts.models import Customer
from contacts.selectors.camps import camp_people
from sop.enums import TemplateKind
from sop.models import Run, RunGroup
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group
from tests.factories.sop import make_run, make_version
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]


@pytest.fixture
def web(tenant: Tenant) -> Client:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def test_stages_of_a_camp_count_its_people_once_and_open_them(camp: Make, web: Client) -> None:
    made = camp(steps=[{}], groups=2, people=3)
    both, reader = made.people[0][0], made.people[1][0]
    fill_group(group=made.groups[1], customers=[both])
    (outsider,) = make_customers(tenant=made.tenant, count=1)
    rows = Customer.objects.filter(pk__in=[both.pk, reader.pk, outsider.pk])
    rows.update(stage=4, stage_at=clock.now() - timedelta(days=2))
    base = f"/t/{made.tenant.slug}/customers"
    page = web.get(f"{base}/stages/?camp={made.run.pk}")
    told = {row.stage: (row.people, row.days) for row in page.context["rows"]}
    assert (told[1][0], told[4], page.context["total"]) == (4, (2, 2.0), 6)
    everybody = sorted(one.pk for people in made.people for one in people)
    assert camp_people(tenant_id=made.tenant.pk, camp_id=made.run.pk) == everybody
    assert f"{base}/?stage=4&amp;camp={made.run.pk}" in page.content.decode()
    behind = web.get(f"{base}/?stage=4&camp={made.run.pk}").content.decode()
    shown = [f"{base}/{one.pk}/" in behind for one in (both, reader, outsider, made.people[0][1])]
    assert shown == [True, True, False, False]
    RunGroup.objects.filter(group=made.groups[1]).update(removed_at=clock.now())
    assert web.get(f"{base}/stages/?camp={made.run.pk}").context["total"] == 3


@pytest.fixture
def foreign(other_tenant: Tenant, frozen: MovableClock) -> Run:
    """A camp of another company."""
    with tenant_scope(other_tenant):
        version = make_version(tenant=other_tenant, steps=[{}])
        return make_run(tenant=other_tenant, version=version, groups=[])


def test_only_camps_of_the_company_can_be_chosen(foreign: Run, camp: Make, web: Client) -> None:
    made = camp(steps=[{}], people=2)
    week = make_version(tenant=made.tenant, steps=[{}])
    week.template.kind = TemplateKind.WEEK
    week.template.save()
    weekly = make_run(tenant=made.tenant, version=week, groups=made.groups)
    make_customers(tenant=made.tenant, count=1)
    for asked in (weekly.pk, foreign.pk, "x"):
        page = web.get(f"/t/{made.tenant.slug}/customers/stages/?camp={asked}")
        assert [pk for pk, _name in page.context["camps"]] == [made.run.pk]
        assert page.context["total"] == 3
