"""What machines ask, and the platform's page across tenants."""

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.utils import OperationalError
from prometheus_client.parser import text_string_to_metric_families

from scrm import probes
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.wecom.conftest import make_app
from wecom import valkey
from wecom.enums import AppState
from wecom.gateway import health
from wecom.models import InboundEvent
from wecom.operations import pulse, tally

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _clean_valkey():
    yield
    tally.tally.flush()
    held = valkey.client()
    for name in held.scan_iter(f"{django_settings.VALKEY_PREFIX}:wecom:*", count=1000):
        held.delete(name)


def test_healthz_asks_nobody(client, monkeypatch, settings, django_assert_num_queries):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


def test_probes_are_answered_under_any_name_and_without_tls(client, settings):
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["crm.example.com"]
    assert client.get("/healthz", headers={"host": "10.0.0.3:8000"}).status_code == 200
    assert client.get("/readyz", headers={"host": "10.0.0.3:8000"}).status_code == 200


def test_readyz_names_each_part(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["ready"] is True
    assert sorted(body["parts"]) == ["database", "migrations", "static", "valkey"]


def test_readyz_says_which_part_fails(client, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    body = client.get("/readyz")
    assert body.status_code == 503
    assert {name for name, one in body.json()["parts"].items() if not one["ok"]} == {"valkey"}


def test_readyz_without_a_database_is_not_ready(client, monkeypatch):
    def down(*args, **kwargs):
        raise OperationalError("password=geheim")

    monkeypatch.setattr(connection, "cursor", down)
    probes._migrations_seen_applied.cache_clear()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert {name for name, one in answer.json()["parts"].items() if not one["ok"]} == {
        "database",
        "migrations",
    }
    assert b"geheim" not in answer.content


def test_a_migration_that_is_missing_is_named(client, plant):
    probes._migrations_seen_applied.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("select app, name from django_migrations where app = 'wecom' order by id desc limit 1")
        app, name = cursor.fetchone()
    plant("delete from django_migrations where app = %s and name = %s", [app, name])
    try:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert name in answer.json()["parts"]["migrations"]["why"]
    finally:
        plant("insert into django_migrations (app, name, applied) values (%s, %s, now())", [app, name])


def test_metrics_are_for_this_machine_or_the_token(client, settings, caplog):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 403
    assert "metrics_refused" in caplog.text
    assert client.get("/metrics", headers={"x-forwarded-for": "8.8.8.8"}).status_code == 403
    settings.METRICS_TOKEN = "t0ken"
    assert client.get("/metrics").status_code == 403
    wrong = client.get("/metrics", headers={"authorization": "Bearer nope"})
    right = client.get("/metrics", headers={"authorization": "Bearer t0ken"}, REMOTE_ADDR="10.0.0.7")
    assert (wrong.status_code, right.status_code) == (403, 200)


def families(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {one.name: one for one in text_string_to_metric_families(answer.content.decode())}


def value(found, name, **labels):
    return next(
        one.value
        for one in found[name].samples
        if labels.items() <= one.labels.items() and "_created" not in one.name
    )


def test_metrics_tell_the_product_in_a_form_prometheus_reads(client, tenant):
    app = make_app(tenant)
    with tenant_scope(tenant):
        InboundEvent.objects.create(
            tenant=tenant, app=app, source="callback", dedupe_key="a", body="x", state="dead"
        )
    health.note(tenant_id=tenant.pk, app_id=app.pk, path="user/get", code=45009, hint="", took_ms=120)
    tally.tally.count(tally.STORED, tenant_id=tenant.pk, n=3)
    tally.tally.count("send.mass_send.done")
    tally.tally.count("limiter.rate")
    for seconds in (0.2, 0.4, 400):
        tally.tally.took("effect", seconds)
    tally.tally.took("welcome", 1.5)
    tally.tally.flush()
    pulse.beat_ticked()
    found = families(client)
    assert value(found, "qunce_scrape_ok", source="database") == 1
    assert value(found, "qunce_scrape_ok", source="valkey") == 1
    assert value(found, "qunce_callbacks", outcome="stored") >= 3
    assert value(found, "qunce_wecom_calls", api="user/get", code="45009") == 1
    assert value(found, "qunce_inbox_events", state="dead") == 1
    assert value(found, "qunce_sends", kind="mass_send", state="done") == 1
    assert value(found, "qunce_limiter_holds", reason="rate") >= 1
    assert value(found, "qunce_apps", state=AppState.CONNECTED.value) == 1
    assert value(found, "qunce_beat_age_seconds") < 5
    effect = {
        one.labels["le"]: one.value
        for one in found["qunce_callback_effect_seconds"].samples
        if "le" in one.labels
    }
    assert (effect["0.25"], effect["0.5"], effect["300"], effect["+Inf"]) == (1, 2, 2, 3)
    assert {
        "qunce_queue_depth",
        "qunce_outbox_pending",
        "qunce_touches_late_seconds",
        "qunce_welcome_seconds",
    } <= set(found)
    assert "django_http_requests_before_middlewares" in found


def test_no_metric_names_a_tenant(client, tenant):
    make_app(tenant, corp_id="wwsecretcorp")
    text = client.get("/metrics").content.decode()
    assert "tenant=" not in text
    assert "wwsecretcorp" not in text


def test_metrics_without_valkey_still_tell_the_rest(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    found = families(client)
    assert value(found, "qunce_scrape_ok", source="valkey") == 0


# --- the platform's page


@pytest.fixture
def staff(client, make_user):
    user = User.objects.create_superuser("root@example.com", "correct-horse-9")
    user.language = "en"
    user.save()
    client.force_login(user)
    return client


def test_the_platforms_page_shows_each_company_the_worst_first(staff, tenant, other_tenant):
    make_app(tenant)
    broken = make_app(other_tenant, corp_id="ww2", slug="two", state=AppState.BROKEN, state_code=40001)
    with tenant_scope(other_tenant):
        InboundEvent.objects.create(
            tenant=other_tenant, app=broken, source="callback", dedupe_key="a", body="geheim", state="dead"
        )
    text = staff.get("/admin/operations/").content.decode()
    assert text.index(other_tenant.name) < text.index(tenant.name)
    assert "calls are stopped (40001)" in text
    detail = staff.get(f"/admin/operations/{other_tenant.pk}/").content.decode()
    assert "The secret is wrong" in detail
    assert "geheim" not in text + detail
    by_name = staff.get("/admin/operations/?sort=name").content.decode()
    assert by_name.index(tenant.name) < by_name.index(other_tenant.name) or tenant.name > other_tenant.name
    assert "operations/" in staff.get("/admin/").content.decode()
    assert staff.get("/admin/operations/999999999/").status_code == 404


def test_the_platforms_page_asks_little(staff, tenant, other_tenant, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        staff.get("/admin/operations/")


def test_the_platforms_page_is_closed_to_operators(client, tenant):
    client.force_login(User.objects.get(email="lin@example.com"))
    assert client.get("/admin/operations/").status_code == 302
    assert client.get(f"/admin/operations/{tenant.pk}/").status_code == 302


def test_heartbeats_are_signs_of_life_by_machine_time(frozen):
    pulse.beat_ticked()
    frozen.move(days=30)
    assert pulse.read(("default",)).beat_age_s < 5
