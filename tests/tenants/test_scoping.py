"""The second and third nets of isolation, each alone."""

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django_scopes.exceptions import ScopeError

from tenants.enums import Role
from tenants.models import AuditEntry, Membership, Preference
from tenants.scoping import CrossTenantError, tenant_scope, unscoped

pytestmark = pytest.mark.django_db


def _raw_count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    "use",
    [
        lambda: Membership.objects.exists(),
        lambda: Membership.objects.count(),
        lambda: list(Membership.objects.all()),
        lambda: Membership.objects.first(),
        lambda: Membership.objects.filter(role="owner").update(role="sales"),
        lambda: Membership.objects.bulk_create([]),
        lambda: Membership.objects.get_or_create(role="owner"),
        lambda: Membership.objects.update_or_create(role="owner"),
        lambda: Membership.objects.in_bulk([1]),
    ],
)
def test_model_without_scope_raises(tenant, use):
    with pytest.raises(ScopeError):
        use()


def test_create_without_scope_is_refused(tenant):
    with pytest.raises(CrossTenantError):
        Preference(tenant=tenant, key="k", value=1).save()


def test_rows_of_another_tenant_are_invisible_to_the_orm(tenant, other_tenant):
    with tenant_scope(tenant):
        assert [row.user.email for row in Membership.objects.all()] == ["lin@example.com"]
        with unscoped("a test looks at both"):
            assert Membership.objects.count() == 2
        assert Membership.objects.count() == 1


def test_rows_of_another_tenant_are_invisible_to_raw_sql(tenant, other_tenant):
    assert _raw_count("tenants_membership") == 0
    with tenant_scope(tenant):
        assert _raw_count("tenants_membership") == 1
    assert _raw_count("tenants_membership") == 0
    with unscoped("a test looks at both"):
        assert _raw_count("tenants_membership") == 2


def test_foreign_write_is_refused_by_the_database_alone(tenant, other_tenant):
    insert = "insert into tenants_preference (tenant_id, key, value) values (%s, 'k', '1')"
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with tenant_scope(tenant), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert, [other_tenant.pk])


def test_foreign_write_is_refused_by_the_model(tenant, other_tenant):
    with tenant_scope(tenant):
        with pytest.raises(CrossTenantError):
            Preference.objects.create(tenant=other_tenant, key="k", value=1)
        with pytest.raises(CrossTenantError):
            Preference.objects.bulk_create([Preference(tenant=other_tenant, key="k", value=1)])


def test_another_tenant_inside_a_scope_is_refused(tenant, other_tenant):
    with tenant_scope(tenant), pytest.raises(CrossTenantError), tenant_scope(other_tenant):
        pass


def test_a_failed_transaction_leaves_no_reach_behind(tenant):
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        tenant_scope(tenant),
        connection.cursor() as cursor,
    ):
        cursor.execute("select 1/0")
    assert _raw_count("tenants_membership") == 0


def test_a_forward_key_does_not_reach_another_tenant(tenant, other_tenant, plant):
    with unscoped("a test needs the foreign row's id"):
        foreign = Membership.objects.get(tenant=other_tenant)
    with tenant_scope(tenant):
        assert not Membership._base_manager.filter(pk=foreign.pk).exists()


def test_audit_rows_are_never_changed(tenant):
    with tenant_scope(tenant):
        entry = AuditEntry.objects.get(verb="tenants.tenant.created")
        entry.actor_name = "somebody else"
        with pytest.raises((InternalError, DatabaseError), match="never changed"), transaction.atomic():
            entry.save()
        with pytest.raises((InternalError, DatabaseError), match="never changed"), transaction.atomic():
            AuditEntry.objects.all().delete()


def test_application_role_owns_nothing_and_bypasses_nothing(tenant):
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper, rolbypassrls from pg_roles where rolname = session_user")
        assert cursor.fetchone() == (False, False)
        cursor.execute("select count(*) from pg_tables where tableowner = session_user")
        assert cursor.fetchone() == (0,)


def test_every_tenant_table_is_protected_and_forced(tenant):
    with connection.cursor() as cursor:
        cursor.execute(
            """select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
               where c.relkind = 'r' and a.attname = 'tenant_id' and c.relnamespace = 'public'::regnamespace
                 and not (c.relrowsecurity and c.relforcerowsecurity)"""
        )
        assert cursor.fetchall() == []


def test_roles_are_ordered_by_what_they_may_do():
    from tenants.roles import PERMISSIONS  # noqa: PLC0415

    assert (
        PERMISSIONS[Role.VIEWER]
        < PERMISSIONS[Role.SALES]
        < PERMISSIONS[Role.OPERATOR]
        < PERMISSIONS[Role.OWNER]
    )
