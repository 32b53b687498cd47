"""What stands of a lead's customer beside the intent, and how the chat with them is found."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import ProfileFact
from contacts.services.identity import customers_merge
from contacts.services.stages import stage_set
from content.models import Persona
from leads.models import Lead
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customer_tag, make_follow, make_tag
from tests.factories.groups import fill_group, make_group
from tests.factories.leads import act, item, lead_of, make_camp
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture(autouse=True)
def scoped(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def signed_in(client: Client, tenant: Tenant) -> Client:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def lead(tenant: Tenant, frozen: MovableClock) -> Lead:
    person = make_customer(tenant=tenant, name="刘女士")
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "pay_click", frozen.moment))
    return lead_of(person)


def about(client: Client, lead: Lead) -> str:
    return client.get(f"/t/{lead.tenant.slug}/leads/{lead.pk}/person/", headers={"HX-Request": "true"}).text


def tell(tenant: Tenant, lead: Lead, field: str, value: str) -> None:
    ProfileFact.objects.create(
        tenant=tenant, customer=lead.customer, field=field, value=value, source="form", said_at=clock.now()
    )


def test_trust_stage_comes_with_whose_word_it_is_and_the_step_to_the_deal(
    signed_in: Client, tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    assert "Nothing on record has moved them yet." in about(signed_in, lead)
    stage_set(tenant=tenant, customer_id=lead.customer_id, stage=4, reason="电话里聊了半小时", actor=owner)
    frozen.move(days=3)
    page = about(signed_in, lead)
    assert ("电话里聊了半小时" in page, owner.name in page, "3 days in it" in page) == (True, True, True)
    assert "Trying it" in page or "Experiencing" in page
    assert (
        f'hx-get="/t/{tenant.slug}/leads/{lead.pk}/person/"'
        in signed_in.get(f"/t/{tenant.slug}/leads/{lead.pk}/").text
    )


def test_kind_of_person_is_what_the_profile_says_and_nobody_is_guessed(
    signed_in: Client, tenant: Tenant, lead: Lead
) -> None:
    Persona.objects.create(
        tenant=tenant,
        name="职场妈妈",
        rules=[{"field": "gender", "values": ["female"]}, {"field": "occupation", "values": ["会计"]}],
    )
    Persona.objects.create(
        tenant=tenant, name="大学生", rules=[{"field": "birth_year", "values": ["2003-2008"]}]
    )
    tell(tenant, lead, "gender", "female")
    page = about(signed_in, lead)
    assert ("职场妈妈" in page, "fits none of the personas" in page) == (False, True)
    tell(tenant, lead, "occupation", "会计")
    page = about(signed_in, lead)
    assert ("职场妈妈" in page, "大学生" in page, "fits none" in page) == (True, False, False)


def test_groups_and_tags_are_those_of_the_person_whatever_record_carries_them(
    signed_in: Client, tenant: Tenant, owner: Actor, lead: Lead
) -> None:
    assert "In no group now." in about(signed_in, lead)
    other = make_customer(tenant=tenant, name="刘女士2", app=lead.customer.app)
    group = make_group(tenant=tenant, name="启蒙05群", app=lead.customer.app, state="active")
    fill_group(group=group, customers=[other])
    kept, gone = make_tag(tenant=tenant, name="周末有空"), make_tag(tenant=tenant, name="旧标签")
    make_customer_tag(tenant=tenant, customer=other, tag=kept, added_by="林晓", source="hand")
    make_customer_tag(tenant=tenant, customer=lead.customer, tag=gone)
    type(gone).objects.filter(pk=gone.pk).update(deleted_at=clock.now())
    customers_merge(
        tenant=tenant, goes_on_id=lead.customer_id, other_id=other.pk, actor=owner, reason="同一个人"
    )
    page = about(signed_in, lead)
    assert ("启蒙05群" in page, "1 group, counted as one person" in page) == (True, True)
    assert ("周末有空" in page, "林晓" in page, "旧标签" in page) == (True, True, False)


def test_chat_drawer_names_whose_friend_they_are_under_which_name(
    signed_in: Client, tenant: Tenant, frozen: MovableClock, lead: Lead
) -> None:
    url = f"/t/{tenant.slug}/leads/{lead.pk}/chat/"
    hx = {"HX-Request": "true"}
    assert "Nobody is a friend of this customer" in signed_in.get(url, headers=hx).text
    now, past = make_staff(tenant=tenant, name="林晓"), make_staff(tenant=tenant, name="周岚")
    make_follow(tenant=tenant, customer=lead.customer, staff=now, remark="果果妈妈")
    make_follow(
        tenant=tenant, customer=lead.customer, staff=past, state="deleted_by_staff", ended_at=frozen.moment
    )
    page = signed_in.get(url, headers=hx).text
    assert ('data-copy="果果妈妈"' in page, "林晓" in page, "周岚" in page) == (True, True, False)
    assert f'href="/m/{tenant.slug}/leads/{lead.pk}/"' in page
    lead_page = signed_in.get(f"/t/{tenant.slug}/leads/{lead.pk}/").text
    assert f'data-copy="#say-1" hx-get="{url}"' in lead_page


def test_part_about_the_person_costs_the_same_with_many_tags_and_groups(
    signed_in: Client, tenant: Tenant, lead: Lead
) -> None:
    costs = []
    for count in (1, 6):
        for number in range(count):
            tag = make_tag(tenant=tenant, name=f"标签{count}-{number}")
            make_customer_tag(tenant=tenant, customer=lead.customer, tag=tag)
            group = make_group(tenant=tenant, app=lead.customer.app, state="active")
            fill_group(group=group, customers=[lead.customer])
        about(signed_in, lead)
        with CaptureQueriesContext(connection) as seen:
            about(signed_in, lead)
        costs.append(len([one for one in seen if "set_config" not in one["sql"]]))
    assert costs[0] == costs[1] <= 25
