"""Company B's rows, planted in every table, appear on no page of company A and change by no form of A."""

import hashlib

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tenants.models import User
from tenants.scoping import unscoped
from tests.isolation.demands import CONSOLE
from tests.isolation.planting import plant, tenant_models
from tests.isolation.routes import routes
from tests.isolation.test_console import WORDS, arguments_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# Taking away what is not there succeeds and changes nothing.
DELETES_NOTHING = {"console:view_delete": 302, "content:miss_drop": 302, "contacts:untag": 302}
SECRET = "乙方机密"
OWN = "甲方资料"


def number_from(run_as_owner, first):
    """Let every table's next id be `first`, so that the ids of two companies never meet."""
    for model in tenant_models():
        run_as_owner(
            "select setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [model._meta.db_table, first]
        )


# `run_as_owner` is the fixture named plant: SQL by the owner of the tables.
@pytest.fixture
def planted(tenant, other_tenant, request):
    """Company A with its own rows, company B with secret ones: ({label: A's ids}, {label: B's ids})."""
    run_as_owner = request.getfixturevalue("plant")
    number_from(run_as_owner, 10_000)
    own = plant(tenant, OWN)
    number_from(run_as_owner, 900_000)
    return own, plant(other_tenant, SECRET)


@pytest.fixture
def owner_of_a(tenant):
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def paths():
    return {name: path for name, path, _view in routes() if name in CONSOLE}


def with_ids(tenant, name, path, pk):
    wanted = {key: pk if isinstance(value, int) else value for key, value in arguments_of(name, path).items()}
    return reverse(name, kwargs={"tenant_slug": tenant.slug, **wanted, **WORDS.get(name, {})})


def has_id(path):
    return "<int:" in path or "?P<pk>" in path


def fingerprint(tenant):
    """What company B's tables hold, as one value a table."""
    found = {}
    with unscoped("a test compares a foreign company before and after"), connection.cursor() as cursor:
        for model in tenant_models():
            table = model._meta.db_table
            cursor.execute(
                f"select coalesce(string_agg(r::text, '|' order by r::text), '') from {table} r where tenant_id = %s",
                [tenant.pk],
            )
            found[model._meta.label] = hashlib.sha256(cursor.fetchone()[0].encode()).hexdigest()
    return found


def only_b(own, foreign):
    """Ids that are B's in some table and A's in none."""
    mine = {pk for ids in own.values() for pk in ids}
    return sorted({pk for ids in foreign.values() for pk in ids} - mine)


def test_no_page_of_a_shows_a_row_of_b(tenant, planted, owner_of_a):
    own, _foreign = planted
    ids = sorted({pk for found in own.values() for pk in found})
    leaks, opened = [], 0
    for name, path in paths().items():
        for pk in ids if has_id(path) else [0]:
            for query in ("", f"?q={SECRET}", "?export=csv"):
                answer = owner_of_a.get(with_ids(tenant, name, path, pk) + query)
                if answer.status_code != 200:
                    continue
                opened += 1
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                text = body.decode(errors="replace").replace(f'value="{SECRET}"', "")
                if (SECRET in text and f"q={SECRET}" not in query) or "青禾家装" in text:
                    leaks.append(f"{name}{query}")
    assert leaks == []
    assert opened > 50  # the walk saw pages, not refusals


def test_a_row_of_b_is_not_found_by_its_id_and_stays_as_it_was(tenant, other_tenant, planted, owner_of_a):
    own, foreign = planted
    before = fingerprint(other_tenant)
    wrong = {}
    for name, path in paths().items():
        if not has_id(path):
            continue
        for pk in only_b(own, foreign):
            url = with_ids(tenant, name, path, pk)
            for method in ("get", "post"):
                status = getattr(owner_of_a, method)(url).status_code
                if status not in (404, 405, DELETES_NOTHING.get(name)):
                    wrong[f"{method} {name}"] = status
    after = fingerprint(other_tenant)
    assert {key for key, was in before.items() if after[key] != was} == set()
    assert not wrong, "\n".join(f"{name}: {status}" for name, status in sorted(wrong.items()))


def test_picks_of_foreign_rows_do_nothing(tenant, other_tenant, planted, owner_of_a):
    own, foreign = planted
    before = fingerprint(other_tenant)
    for name, path in paths().items():
        if has_id(path):
            continue
        data = {"pick": only_b(own, foreign), "decided": "1", "reason": "x", "kind": "flash", "staff": "1"}
        owner_of_a.post(with_ids(tenant, name, path, 0), data)
    after = fingerprint(other_tenant)
    assert {key for key, was in before.items() if after[key] != was} == set()
