"""The members of a group as a file: what the tab shows, all of it, with names in place of ids."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.test import Client

from console.pages import tenant_url
from contacts.services.profile import profile_edit
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.factories.tenants import make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def signed_in(tenant, role):
    person = make_user()
    with tenant_scope(tenant):
        make_membership(tenant=tenant, role=role, user=person)
    User.objects.update(language="en")
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def group(tenant):
    with tenant_scope(tenant):
        owner = make_staff(tenant=tenant, name="周岚")
        group = make_group(tenant=tenant, owner=owner, owner_userid=owner.userid, state="active")
        host = make_customer(tenant=tenant, name="陈姐", app=group.app)
        guest = make_customer(tenant=tenant, name="刘女士", app=group.app)
        gone = make_customer(tenant=tenant, name="走了", app=group.app)
        make_member(group=group, staff=owner)
        make_member(group=group, customer=host, invited_by=owner.userid)
        make_member(
            group=group, customer=guest, invited_by=host.external_userid, nickname="悠悠妈", join_scene="3",
            joined_at=datetime(2026, 1, 1, 16, 30, tzinfo=UTC),
        )  # fmt: skip
        make_member(
            group=group, customer=gone, joined_at=datetime(2026, 1, 1, tzinfo=UTC),
            left_at=datetime(2026, 1, 2, tzinfo=UTC), quit_scene="0",
        )  # fmt: skip
    return group


def rows_of(client, tenant, group, **asked):
    answer = client.get(tenant_url(tenant, "groups:members_file", pk=group.pk), {"export": "csv", **asked})
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_member_stands_with_names_and_local_time(tenant, group):
    client = signed_in(tenant, Role.LEADER)
    found = {row["Name"]: row for row in rows_of(client, tenant, group)}
    assert set(found) == {"陈姐", "刘女士"}
    guest = found["刘女士"]
    assert guest["Invited by"] == "陈姐"
    assert guest["Joined"] == "2026-01-02 00:30:00"
    assert guest["Name in the group"] == "悠悠妈"
    assert guest["Role"] == "customer"
    assert guest["WeCom id"].startswith("wm")
    assert found["陈姐"]["Invited by"] == "周岚"


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"which": "staff"}, ["周岚"]), ({"which": "left"}, ["走了"]), ({"q": "悠悠"}, ["刘女士"]),
        ({"which": "leads"}, ["周岚"]), ({"people": "scene-3"}, ["刘女士"]),
    ],
)  # fmt: skip
def test_the_file_holds_whom_the_tab_shows(tenant, group, asked, names):
    client = signed_in(tenant, Role.LEADER)
    assert [row["Name"] for row in rows_of(client, tenant, group, **asked)] == names
    page = client.get(tenant_url(tenant, "groups:detail", pk=group.pk), {"tab": "members", **asked}).text
    assert names[0] in page.split("<tbody>")[1]


def test_the_tab_offers_the_file_of_its_choice_only_to_who_may_take_it(tenant, group):
    where = tenant_url(tenant, "groups:detail", pk=group.pk)
    file = tenant_url(tenant, "groups:members_file", pk=group.pk)
    page = signed_in(tenant, Role.LEADER).get(where, {"tab": "members", "which": "staff"}).text
    assert f"{file}?which=staff&amp;export=xlsx" in page
    operator = signed_in(tenant, Role.SALES)
    assert file not in operator.get(where, {"tab": "members"}).text
    assert operator.get(file, {"export": "csv"}).status_code == 403


def test_taking_members_out_is_recorded_and_asks_the_same_for_many(
    tenant, group, django_assert_max_num_queries
):
    with tenant_scope(tenant):
        for one in make_customers(tenant=tenant, count=40, app=group.app):
            make_member(group=group, customer=one)
    client = signed_in(tenant, Role.LEADER)
    with django_assert_max_num_queries(45):
        assert len(rows_of(client, tenant, group)) == 42
    with tenant_scope(tenant):
        last = AuditEntry.objects.filter(verb="console.list.exported").latest("pk")
    assert last.changes == {"list": [None, "groups.members"], "rows": [None, 42]}


def test_the_members_tab_says_how_much_of_the_camps_profiles_is_known_and_of_whom_too_little(tenant, group):
    with tenant_scope(tenant):
        host = group.members.get(customer__name="陈姐").customer
        profile_edit(
            tenant=tenant, customer_id=host.pk, actor=SYSTEM,
            values={"gender": "female", "birth_year": "1992", "education": "bachelor", "city": "苏州"},
        )  # fmt: skip
    client = signed_in(tenant, Role.LEADER)
    where = tenant_url(tenant, "groups:detail", pk=group.pk)
    part = tenant_url(tenant, "groups:profiles", pk=group.pk)
    assert f'hx-get="{part}"' in client.get(where, {"tab": "members"}).text
    told = client.get(part).text.split('id="camp-profiles"')[1].split("</p>")[0]
    assert "33.3%" in told  # 陈姐 5 of 9, 刘女士 1 of 9
    assert "1 person under half" in told
    thin = client.get(where, {"tab": "members", "which": "thin"}).text.split("<tbody>")[1]
    assert "刘女士" in thin
    assert thin.split("</tbody>")[0].count("<tr") == 1
    assert [row["Name"] for row in rows_of(client, tenant, group, which="thin")] == ["刘女士"]
