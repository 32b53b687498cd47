"""The pages of SOP as an operator meets them."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from groups.models import Group
from sop.models import Run, Step, Touch, Version
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def page(client: Client, tenant: Tenant, frozen: MovableClock) -> Callable[..., Any]:
    """page("/sop/") signed in as the owner; page(..., post={...}) to send a form."""
    client.force_login(User.objects.get(email="lin@example.com"))

    def ask(path: str, post: dict[str, Any] | None = None, htmx: bool = False) -> Any:
        headers = {"HX-Request": "true"} if htmx else {}
        url = f"/t/{tenant.slug}{path}"
        return (
            client.post(url, post, headers=headers) if post is not None else client.get(url, headers=headers)
        )

    return ask


def live_group(tenant: Tenant, people: int = 3) -> Group:
    app = make_app(tenant=tenant)
    staff = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
    group = make_group(tenant=tenant, app=app, owner=staff, state="active", kind="new_user", name="启蒙01群")
    return fill_group(
        group=group, customers=make_customers(tenant=tenant, count=people, app=app), staff=[staff]
    )


def started(tenant: Tenant, **step: Any) -> Run:
    with tenant_scope(tenant):
        group = live_group(tenant)
        version = make_version(
            tenant=tenant, steps=[{"at": time(10, 0), **step}, {"at": time(15, 0), "day": 2}]
        )
        run = make_run(tenant=tenant, version=version, groups=[group])
        plan_apply(tenant=tenant, run=run)
    return run


def test_first_visit_teaches_and_offers_a_template(page: Callable[..., Any]) -> None:
    answer = page("/sop/runs/").content.decode()
    assert "/sop/" in answer
    gallery = page("/sop/").content.decode()
    assert "30 天四阶段营" in gallery
    assert "五环节引流训练营" in gallery


def test_builtin_becomes_a_draft_that_publishes(page: Callable[..., Any], tenant: Tenant) -> None:
    made = page("/sop/builtin/camp30/", post={"days": "30"})
    assert made.status_code == 302
    with tenant_scope(tenant):
        version = Version.objects.get()
        assert Step.objects.count() > 55
    shown = page(f"/sop/versions/{version.pk}/")
    assert shown.status_code == 200
    assert "开班仪式" in shown.content.decode()
    assert page(f"/sop/versions/{version.pk}/publish/", post={}).status_code == 302
    with tenant_scope(tenant):
        assert Version.objects.get().state == "published"


@pytest.mark.parametrize("code", ["camp30", "bootcamp5"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_step_of_a_builtin_opens(
    page: Callable[..., Any], tenant: Tenant, code: str, language: str
) -> None:
    User.objects.update(language=language)
    page(f"/sop/builtin/{code}/", post={})
    with tenant_scope(tenant):
        version = Version.objects.get()
        steps = list(Step.objects.all())
    for step in steps[:6]:
        assert page(f"/sop/versions/{version.pk}/steps/{step.pk}/", htmx=True).status_code == 200


def test_step_is_edited_added_and_taken_out(page: Callable[..., Any], tenant: Tenant) -> None:
    page("/sop/builtin/bootcamp5/", post={})
    with tenant_scope(tenant):
        version, step = Version.objects.get(), Step.objects.get(key="d1_intro")
    data = {
        "title": "欢迎", "anchor": "run_start", "day": "1", "at": "09:30", "offset_minutes": "0",
        "window_minutes": "60", "catch_up": "skip", "channel": "group_forward", "audience": "members",
        "content_type": "norms", "text": "大家好", "role": "owner", "evidence": "note", "on_block": "drop",
        "replace_channel": "", "mark": "",
        "strategy": "", "cost_minutes": "5", "goal": "",
    }  # fmt: skip
    saved = page(f"/sop/versions/{version.pk}/steps/{step.pk}/", post=data, htmx=True)
    assert saved.status_code == 200
    assert 'id="sop-plan" hx-swap-oob="true"' in saved.content.decode()
    added = page(f"/sop/versions/{version.pk}/steps/new/", post={**data, "day": "2"}, htmx=True)
    assert added.status_code == 200
    bad = page(f"/sop/versions/{version.pk}/steps/new/", post={**data, "day": ""}, htmx=True)
    assert bad.status_code == 422
    with tenant_scope(tenant):
        step.refresh_from_db()
        assert (step.title, step.at) == ("欢迎", time(9, 30))
        added = Step.objects.get(key__startswith="own_")
    assert page(f"/sop/versions/{version.pk}/steps/{added.pk}/remove/", post={}, htmx=True).status_code == 200
    with tenant_scope(tenant):
        assert not Step.objects.filter(key__startswith="own_").exists()


def test_new_draft_shows_what_changed(page: Callable[..., Any], tenant: Tenant) -> None:
    page("/sop/builtin/bootcamp5/", post={})
    with tenant_scope(tenant):
        version = Version.objects.get()
    page(f"/sop/versions/{version.pk}/publish/", post={})
    assert page(f"/sop/versions/{version.pk}/draft/", htmx=True).status_code == 200
    assert (
        page(f"/sop/versions/{version.pk}/draft/", post={"reason": "第6期配额撞车"}, htmx=True).status_code
        == 204
    )
    with tenant_scope(tenant):
        draft = Version.objects.get(number=2)
        Step.objects.filter(version=draft, key="d3_invite").update(title="改过的邀请")
        Step.objects.filter(version=draft, key="d4_moments").delete()
    text = page(f"/sop/versions/{draft.pk}/changes/").content.decode()
    assert "改过的邀请" in text
    assert "学习日常" in text
    assert "d4_lesson" not in text
    assert page(f"/sop/versions/{draft.pk}/?tab=versions").status_code == 200
    assert page(f"/sop/versions/{draft.pk}/?tab=runs").status_code == 200


def test_run_starts_from_one_page(page: Callable[..., Any], tenant: Tenant, frozen: MovableClock) -> None:
    page("/sop/builtin/camp30/", post={})
    with tenant_scope(tenant):
        group, version = live_group(tenant), Version.objects.get()
    page(f"/sop/versions/{version.pk}/publish/", post={})
    form = page("/sop/runs/new/")
    assert form.status_code == 200
    data = {
        "version": version.pk, "name": "启蒙营第6期", "starts_on": "2026-03-03", "groups": [group.pk], "teacher": "",
        "key_interaction": "live", "interaction_url": "https://live.example.com/6", "product_title": "年课",
        "product_url": "https://shop.example.com/p/1", "offer_ends_at": "2026-03-21T20:00",
    }  # fmt: skip
    preview = page("/sop/runs/new/preview/", post=data, htmx=True)
    assert preview.status_code == 200
    assert "3" in preview.content.decode()
    incomplete = page("/sop/runs/new/", post={**data, "product_url": ""})
    assert incomplete.status_code == 422
    assert "id_product_url-error" in incomplete.content.decode()
    assert page("/sop/runs/new/", post=data).status_code == 302
    with tenant_scope(tenant):
        run = Run.objects.get()
        due = list(
            Touch.objects.filter(step__anchor="offer_end").order_by("due_at").values_list("due_at", flat=True)
        )
    end = datetime(2026, 3, 21, 12, 0, tzinfo=UTC)
    assert due == [end - timedelta(minutes=one) for one in (180, 120, 60, 20)]
    assert page(f"/sop/runs/{run.pk}/").status_code == 200


def test_calendar_and_ledger_show_states(
    page: Callable[..., Any], tenant: Tenant, frozen: MovableClock
) -> None:
    run = started(tenant)
    with tenant_scope(tenant):
        frozen.set(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
        dispatch_due(tenant_id=tenant.pk)
        touch = Touch.objects.get(state="handed")
    text = page(f"/sop/runs/{run.pk}/?day=2026-03-02&group={touch.group_id}").content.decode()
    assert "is-due" in text
    assert "is-planned" in text
    assert 'id="ledger"' in text
    assert page(f"/sop/touches/{touch.pk}/", htmx=True).status_code == 200
    done = page(f"/sop/touches/{touch.pk}/submit/", post={"note": "群里 9 人回复"}, htmx=True)
    assert done.status_code == 204
    with tenant_scope(tenant):
        touch.refresh_from_db()
        assert (touch.state, touch.evidence["note"]) == ("submitted", "群里 9 人回复")
    assert page(f"/sop/touches/?run={run.pk}&figure=waiting").status_code == 200
    frozen.move(days=3)
    assert page(f"/sop/runs/{run.pk}/?day=2026-03-02").status_code == 200


def test_touch_is_skipped_restored_and_moved(page: Callable[..., Any], tenant: Tenant) -> None:
    started(tenant)
    with tenant_scope(tenant):
        touch = Touch.objects.order_by("planned_at").first()
    assert page(f"/sop/touches/{touch.pk}/skip/", post={"reason": ""}, htmx=True).status_code == 200
    assert page(f"/sop/touches/{touch.pk}/skip/", post={"reason": "给班会让位"}, htmx=True).status_code == 204
    assert page(f"/sop/touches/{touch.pk}/restore/", post={}, htmx=True).status_code == 204
    moved = page(f"/sop/touches/{touch.pk}/retime/", post={"due_at": "2026-03-02T16:30"}, htmx=True)
    assert moved.status_code == 204
    with tenant_scope(tenant):
        touch.refresh_from_db()
        assert (touch.state, touch.due_at) == ("planned", datetime(2026, 3, 2, 8, 30, tzinfo=UTC))


def test_run_is_called_off_with_a_reason(page: Callable[..., Any], tenant: Tenant) -> None:
    run = started(tenant)
    for part in ("cancel", "groups"):
        assert page(f"/sop/runs/{run.pk}/{part}/", htmx=True).status_code == 200
    assert page(f"/sop/runs/{run.pk}/cancel/", post={"reason": "换期"}, htmx=True).status_code == 204
    with tenant_scope(tenant):
        assert set(Touch.objects.values_list("state", flat=True)) == {"cancelled"}
        assert Run.objects.get().state == "cancelled"


def test_touch_list_exports_with_reasons(page: Callable[..., Any], tenant: Tenant) -> None:
    started(tenant)
    answer = page("/sop/touches/?export=csv")
    text = b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode("utf-8-sig")
    assert "第" in text
    assert len(text.splitlines()) == 3


def test_foreign_rows_are_not_found(
    page: Callable[..., Any], tenant: Tenant, other_tenant: Tenant, frozen: MovableClock
) -> None:
    run = started(other_tenant)
    with tenant_scope(other_tenant):
        touch = Touch.objects.first()
        version = run.version_id
    for path in (f"/sop/runs/{run.pk}/", f"/sop/touches/{touch.pk}/", f"/sop/versions/{version}/"):
        assert page(path).status_code == 404
