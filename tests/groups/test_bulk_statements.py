"""One decision about many groups takes as many statements as about few; so do the pages that list and show groups."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.pages import tenant_url
from groups.models import Group, GroupTag
from groups.services.group_tags import group_tag_save, groups_tag, groups_untag
from groups.services.owners import groups_set_owner
from groups.services.setup import groups_set_kind
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
FEW, MANY = 2, 12


def statements(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        act()
    return len([one for one in seen if "set_config" not in one["sql"]])


@pytest.fixture
def batches(tenant: Tenant) -> list[list[Group]]:
    """A few groups, and many, each with its people; the first of all to be forgotten."""
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant)
        found = []
        for number, count in enumerate((1, FEW, MANY)):
            groups = [
                make_group(
                    tenant=tenant, name=f"{number}{n}群", state="active", series=f"系列{n % 4}", owner=staff
                )
                for n in range(count)
            ]
            for group in groups:
                fill_group(group=group, customers=make_customers(tenant=tenant, count=2), staff=[staff])
            found.append(groups)
        return found


def costs(tenant: Tenant, batches: list[list[Group]], act: Callable[[list[int]], Any]) -> list[int]:
    """Statements for each batch but the first, which may have to write something down."""
    with tenant_scope(tenant):
        return [statements(lambda ids=[one.pk for one in batch]: act(ids)) for batch in batches][1:]  # type: ignore[misc]


def test_types_are_set_with_constant_statements_and_a_record_each(
    tenant: Tenant, owner: Actor, batches: list[list[Group]]
) -> None:
    few, many = costs(
        tenant, batches,
        lambda ids: groups_set_kind(tenant=tenant, group_ids=ids, kind="new_user", reason="重新规划", actor=owner),
    )  # fmt: skip
    assert few == many
    with tenant_scope(tenant):
        assert set(Group.objects.values_list("kind", flat=True)) == {"new_user"}
        told = AuditEntry.objects.filter(verb="groups.group.kind_set", reason="重新规划")
        assert told.count() == 1 + FEW + MANY
        assert all(one.changes["kind"][1] == "new_user" for one in told)


def test_tags_go_on_and_off_with_constant_statements_and_a_record_each(
    tenant: Tenant, owner: Actor, batches: list[list[Group]]
) -> None:
    with tenant_scope(tenant):
        tag: GroupTag = group_tag_save(tenant=tenant, name="重点", actor=owner)
    for act, verb, change in (
        (groups_tag, "groups.group.tagged", [None, "重点"]),
        (groups_untag, "groups.group.untagged", ["重点", None]),
    ):
        few, many = costs(
            tenant, batches,
            lambda ids, act=act: act(tenant=tenant, tag_id=tag.pk, group_ids=ids, actor=owner),  # type: ignore[misc]
        )  # fmt: skip
        assert few == many
        with tenant_scope(tenant):
            told = AuditEntry.objects.filter(verb=verb)
            assert told.count() == 1 + FEW + MANY
            assert all(one.changes == {"tag": change} for one in told)


def test_owners_are_asked_for_with_constant_statements_and_a_record_each(
    tenant: Tenant, owner: Actor, batches: list[list[Group]]
) -> None:
    with tenant_scope(tenant):
        heir = make_staff(tenant=tenant, app=batches[0][0].app, can_contact=True)
    few, many = costs(
        tenant, batches,
        lambda ids: groups_set_owner(tenant=tenant, group_ids=ids, staff_id=heir.pk, reason="离职", actor=owner),
    )  # fmt: skip
    assert few == many
    with tenant_scope(tenant):
        told = AuditEntry.objects.filter(verb="groups.group.owner_asked")
        assert {one.changes["owner"][1] for one in told} == {heir.userid}
        assert told.count() == 1 + FEW + MANY


def test_list_and_page_cost_the_same_for_few_groups_and_people_and_for_many(tenant: Tenant) -> None:
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant)
        first = make_group(tenant=tenant, state="active", series="启蒙", owner=staff)
        fill_group(group=first, customers=make_customers(tenant=tenant, count=2), staff=[staff])
    shown = tenant_url(tenant, "groups:detail", pk=first.pk)
    pages = [
        tenant_url(tenant, "groups:list"), f"{tenant_url(tenant, 'groups:list')}?part=people", shown,
        f"{shown}?tab=members", f"{shown}?tab=record",
    ]  # fmt: skip

    def cost() -> list[int]:
        for url in pages:
            web.get(url)
        return [statements(lambda url=url: web.get(url)) for url in pages]  # type: ignore[misc]

    few = cost()
    with tenant_scope(tenant):
        fill_group(group=first, customers=make_customers(tenant=tenant, count=40))
        for number in range(8):
            group = make_group(tenant=tenant, state="active", series=f"系列{number}", owner=staff)
            fill_group(group=group, customers=make_customers(tenant=tenant, count=5), staff=[staff])
    assert cost() == few
    assert max(few) <= 25
