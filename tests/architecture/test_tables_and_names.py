"""Tenant tables are protected and lead with the tenant; names that are stored data lead somewhere."""

import ast
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import UniqueConstraint
from django.utils.module_loading import import_string

from outbox.contracts import kind_of
from scrm import wiring
from scrm.schedule import TICKS
from tenants.scoping import TenantModel
from tests.isolation.routes import routes

ROOT = Path(settings.BASE_DIR)
OURS = (
    "scrm",
    "tenants",
    "outbox",
    "wecom",
    "console",
    "team",
    "contacts",
    "content",
    "groups",
    "leads",
    "sop",
    "campaigns",
    "analytics",
)
# Uses of the one bypass, by file. A number here may only fall; a new file needs a reason in review.
UNSCOPED = {
    "analytics/tasks.py": 1,
    "console/tasks.py": 2,
    "content/tasks.py": 1,
    "campaigns/tasks.py": 1,
    "contacts/tasks.py": 1,
    "leads/tasks.py": 1,
    "groups/tasks.py": 1,
    "outbox/tasks.py": 1,
    "scrm/metrics.py": 1,
    "scrm/platform_admin.py": 1,
    "sop/tasks.py": 3,
    "team/tasks.py": 3,
    "tenants/selectors.py": 3,
    "wecom/archive/months.py": 1,
    "wecom/archive/tasks.py": 2,
    "wecom/inbox/addresses.py": 1,
    "wecom/tasks.py": 5,
}
# Keys that stand alone because the row is found before its tenant is known.
GLOBAL_KEYS = {("wecom.App", "slug"), ("content.RadarLink", "token")}


def sources():
    for package in OURS:
        yield from sorted((ROOT / package).rglob("*.py"))


def calls_of(name):
    """(file, call) of every call of a function by its bare or dotted name."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if called == name:
                    yield path.relative_to(ROOT).as_posix(), node


def tenant_models():
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


@pytest.mark.django_db
def test_every_tenant_table_has_row_level_security_forced_and_both_policies():
    with connection.cursor() as cursor:
        cursor.execute(
            """select c.relname, c.relrowsecurity and c.relforcerowsecurity,
                      (select count(*) from pg_policy p where p.polrelid = c.oid)
               from pg_class c where c.relkind in ('r', 'p') and c.relname = any(%s)""",
            [[model._meta.db_table for model in tenant_models()]],
        )
        found = {name: (forced, policies) for name, forced, policies in cursor.fetchall()}
    assert found == {model._meta.db_table: (True, 2) for model in tenant_models()}


def test_unique_keys_and_indexes_of_tenant_tables_lead_with_the_tenant():
    wrong = []
    for model in tenant_models():
        label = model._meta.label
        keys = [one for one in model._meta.constraints if isinstance(one, UniqueConstraint)]
        wrong += [(label, one.name) for one in keys if one.fields and one.fields[0] != "tenant"]
        wrong += [
            (label, one.name) for one in model._meta.indexes if one.fields and one.fields[0] != "tenant"
        ]
        wrong += [
            (label, field.name)
            for field in model._meta.concrete_fields
            if field.unique and not field.primary_key and (label, field.name) not in GLOBAL_KEYS
        ]
    assert wrong == []


def test_the_bypass_of_isolation_is_used_only_where_it_is_known():
    found: dict[str, int] = {}
    for path, _call in calls_of("unscoped"):
        found[path] = found.get(path, 0) + 1
    assert found == UNSCOPED


def test_every_use_of_the_bypass_says_why():
    for path, call in calls_of("unscoped"):
        assert call.args, path


def test_every_enqueued_task_is_registered():
    current_app.loader.import_default_modules()
    names = {
        call.args[0].value
        for function in ("enqueue", "enqueue_platform")
        for _path, call in calls_of(function)
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert names
    assert {name for name in names if name not in current_app.tasks} == set()


def test_every_tick_is_a_registered_task():
    current_app.loader.import_default_modules()
    assert {name for name in TICKS if name not in current_app.tasks} == set()


def test_every_task_is_named_for_its_app():
    current_app.loader.import_default_modules()
    ours = [name for name in current_app.tasks if not name.startswith("celery.")]
    assert [name for name in ours if name.split(".")[0] not in OURS] == []


def test_wired_events_and_handlers_exist():
    for name, paths in wiring.EVENTS.items():
        assert kind_of(name).name == name
        for path in paths:
            assert callable(import_string(path))
    for path in [one for paths in wiring.INBOUND.values() for one in paths] + list(wiring.SYNCERS.values()):
        assert callable(import_string(path))


def test_every_console_view_names_its_permissions():
    bare = [
        name
        for name, path, view in routes()
        if path.startswith("t/<slug:tenant_slug>/")
        and not (
            getattr(view.view_class, "permission", "") and getattr(view.view_class, "write_permission", "")
        )
    ]
    assert bare == []
