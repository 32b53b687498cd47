"""Each net of isolation spans every table, task, address and way out: nothing that is added later stands beside it."""

import ast
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver

from scrm.schedule import TICKS
from tenants.models import User
from tenants.scoping import TenantManager, TenantModel, current_tenant_id
from tenants.tasking import TenantTask
from tests.isolation.routes import routes
from tests.isolation.strangers import PUBLIC

ROOT = Path(settings.BASE_DIR)
OWN_TENANT = "(tenant_id = (NULLIF(current_setting('qunce.tenant'::text, true), ''::text))::bigint)"
POLICIES = {
    "tenant_rows": (["public"], OWN_TENANT, OWN_TENANT),
    "platform_rows": (["qunce_platform"], "true", "true"),
}
# Words that open what the nets close, and the files that may say them.
WAYS_OUT = {
    "scopes_disabled": {"tenants/scoping.py"},
    "qunce_platform": {"tenants/scoping.py", "tenants/rls.py"},
    # The shelf keeps a connection of its own, which names the tenant of the rows that it writes.
    "qunce.tenant": {"tenants/scoping.py", "tenants/rls.py", "wecom/inbox/shelf.py"},
    "DATABASE_OWNER_URL": {"scrm/settings/base.py"},
}
# Answers of the event API to who brings no key; its description is for everybody.
OPEN_API = {"wecom_public:api_schema", "wecom_public:api_docs"}


def tenant_models() -> list[type[TenantModel]]:
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def own_sources() -> list[Path]:
    found = (path for app in apps.get_app_configs() for path in Path(app.path).rglob("*.py"))
    own = {path for path in found if path.is_relative_to(ROOT) and ".venv" not in path.parts}
    return sorted(one for one in own | set((ROOT / "scrm").rglob("*.py")) if "migrations" not in one.parts)


def test_every_table_with_a_tenant_is_a_tenant_table():
    wanting = [
        model._meta.label
        for model in apps.get_models()
        if any(field.name == "tenant" for field in model._meta.fields) and not issubclass(model, TenantModel)
    ]
    assert wanting == []


def test_every_manager_of_a_tenant_table_is_scoped():
    wrong = [
        (model._meta.label, manager.name)
        for model in tenant_models()
        for manager in (*model._meta.managers, model._base_manager, model._default_manager)
        if not isinstance(manager, TenantManager)
    ]
    assert wrong == []


def test_no_tenant_table_overrides_the_check_of_its_writes():
    own = {"check_tenant", "refresh_from_db", "from_db"}
    assert [model._meta.label for model in tenant_models() if own & set(vars(model))] == []


@pytest.mark.django_db
def test_every_policy_of_every_tenant_table_says_the_same():
    with connection.cursor() as cursor:
        cursor.execute(
            """select tablename, policyname, roles::text[], qual, with_check from pg_policies
               where schemaname = 'public' and permissive = 'PERMISSIVE' and cmd = 'ALL'"""
        )
        found: dict[str, dict] = {}
        for table, policy, roles, sees, writes in cursor.fetchall():
            found.setdefault(table, {})[policy] = (roles, sees, writes)
    assert {table: said for table, said in found.items() if said != POLICIES} == {}
    assert {model._meta.db_table for model in tenant_models()} <= set(found)


def test_every_task_works_for_one_tenant_or_is_a_known_tick():
    current_app.loader.import_default_modules()
    free = {
        name
        for name, task in current_app.tasks.items()
        if not name.startswith("celery.") and not isinstance(task, TenantTask)
    }
    assert free <= set(TICKS), free - set(TICKS)


@pytest.mark.django_db
def test_tenants_task_without_a_tenant_refuses_to_run():
    current_app.loader.import_default_modules()
    for name, task in current_app.tasks.items():
        if isinstance(task, TenantTask):
            with pytest.raises(TypeError, match=f"{name} needs tenant_id"):
                task()


class Probe(TenantTask):
    """Says whose rows its body reaches."""

    name = "tests.probe"

    def run(self, *, tenant_id: int) -> int | None:
        return current_tenant_id()


@pytest.mark.django_db
def test_tenants_task_runs_in_the_scope_of_its_tenant_and_leaves_it(tenant):
    Probe.bind(current_app)
    assert Probe()(tenant_id=tenant.pk) == tenant.pk
    assert current_tenant_id() is None


@pytest.mark.parametrize("word", sorted(WAYS_OUT))
def test_what_opens_a_net_is_said_in_one_place(word):
    said = {one.relative_to(ROOT).as_posix() for one in own_sources() if word in one.read_text()}
    assert said == WAYS_OUT[word]


def test_the_bypass_keeps_its_name():
    """It is counted by that name, so nobody may call it by another."""
    renamed = [
        path.relative_to(ROOT).as_posix()
        for path in own_sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if (
            isinstance(node, ast.ImportFrom)
            and any(one.name == "unscoped" and one.asname for one in node.names)
        )
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == "unscoped")
    ]
    assert renamed == []


def test_every_action_of_the_api_asks_for_a_key(tenant):
    client = Client(raise_request_exception=False)
    known = [(name, path) for name, path, _view in routes() if path.startswith("api/")]
    assert known
    for name, path in known:
        if name in OPEN_API:
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            assert (name, method, getattr(client, method)(f"/{path}").status_code) == (name, method, 401)
    assert {name for name, _path in known} <= set(PUBLIC)


def admin_paths(patterns: list, prefix: str) -> list[str]:
    """An address of every page of the admin; numbers and words in it belong to nothing."""
    found = []
    for one in patterns:
        if isinstance(one, URLResolver):
            found += admin_paths(one.url_patterns, prefix + str(one.pattern))
        elif isinstance(one, URLPattern) and one.name not in ("login", "logout", "jsi18n"):
            found.append(prefix + str(one.pattern).replace("<path:object_id>", "1"))
    return [path for path in found if "<" not in path and "(?P" not in path]


@pytest.mark.django_db
def test_every_page_of_the_admin_is_closed_to_strangers_and_owners_of_companies(tenant):
    stranger, owner = (Client(raise_request_exception=False) for _ in range(2))
    owner.force_login(User.objects.get(email="lin@example.com"))
    paths = admin_paths(admin.site.get_urls(), "/admin/")
    assert len(paths) > 8
    for path in paths:
        for who in (stranger, owner):
            answer = who.get(path)
            assert (path, answer.status_code) == (path, 302)
            assert answer["Location"].startswith("/admin/login/"), path
