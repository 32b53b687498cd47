"""Pictures of versions beside each other, of a run that moves, of its results and of the review after it."""

from datetime import timedelta

import pytest
from django.db import transaction
from playwright.sync_api import expect

from sop.enums import TouchState
from sop.models import Review, Run, Step, Touch, Version
from sop.services.reviews import (
    review_finish,
    review_item_add,
    review_open,
    review_to_draft,
)
from sop.services.runs import run_cancel
from sop.services.templates import version_draft, version_publish
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.e2e.test_sop_looks import MakePage, running, settled, signed_in
from tests.factories.contacts import make_behaviour

__all__ = ["running", "settled"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def second(running: Run) -> Version:
    """The next version: a step moved and re-worded, one for others, one gone; done touches with what followed."""
    tenant = running.tenant
    with tenant_scope(tenant):
        draft = version_draft(
            tenant=tenant, version_id=running.version_id, reason="第6期复盘：晚间太密", actor=SYSTEM
        )
        steps = Step.objects.filter(version=draft, day__gte=9, channel="staff_task").order_by("day", "pk")
        moved, others, gone = list(steps[:3])
        Step.objects.filter(pk=moved.pk).update(
            day=moved.day + 1, text=f"{moved.text}记得回我一个“到”。", at="19:30"
        )
        Step.objects.filter(pk=others.pk).update(audience="undecided", role="sales", goal="问到一个真实顾虑")
        gone.delete()
        version = version_publish(tenant=tenant, version_id=draft.pk, actor=SYSTEM)
        done = Touch.objects.filter(state__in=[TouchState.HANDED, TouchState.SUBMITTED]).order_by("pk")
        for number, touch in enumerate(done):
            if number % 4 != 3:
                Touch.objects.filter(pk=touch.pk).update(
                    state="confirmed", done_at=clock.now() - timedelta(minutes=30 - number)
                )
        for member in running.run_groups.first().group.members.filter(customer__isnull=False)[:9]:
            make_behaviour(tenant=tenant, customer=member.customer, kind="live", occurred_at=clock.now())
    return version


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_versions_and_the_move_of_a_run_look_right(
    running: Run, second: Version, make_page: MakePage, language: str
) -> None:
    User.objects.update(language=language)
    page = signed_in(make_page)
    base = f"/t/{running.tenant.slug}/sop"
    page.goto(f"{base}/versions/{second.pk}/changes/?against={running.version_id}")
    expect(page.locator(".q-diff > li")).to_have_count(3)
    look(page, "vers-diff")
    page.locator("header.q-head button[hx-get*='restore']").click()
    expect(page.locator("#q-drawer h2")).to_be_visible()
    look(page, "vers-restore")
    page.goto(f"{base}/versions/{second.pk}/?tab=versions")
    look(page, "vers-list")
    page.goto(f"{base}/runs/{running.pk}/")
    page.locator("header.q-head [data-bs-toggle=dropdown]").click()
    page.locator("[hx-get*='/version/']").click()
    expect(page.locator("#q-drawer .q-outcome")).to_be_visible()
    look(page, "vers-move")
    page.fill("#q-drawer textarea", "按复盘")
    with page.expect_navigation():
        page.locator("#q-drawer .q-foot button[type=submit]").click()
    with tenant_scope(running.tenant):
        assert Run.objects.get().version == second


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_results_and_the_review_look_right(
    running: Run, second: Version, make_page: MakePage, language: str
) -> None:
    User.objects.update(language=language)
    page = signed_in(make_page)
    tenant = Tenant.objects.get(pk=running.tenant_id)
    base = f"/t/{tenant.slug}/sop"
    page.goto(f"{base}/runs/{running.pk}/results/")
    expect(page.locator(".q-quads section").first).to_be_visible()
    look(page, "vers-results")
    page.goto(f"{base}/runs/{running.pk}/review/")
    look(page, "vers-review-ahead")
    with tenant_scope(tenant):
        run_cancel(tenant=tenant, run_id=running.pk, reason="提前结营", actor=SYSTEM)
        with transaction.atomic():
            review = review_open(tenant=tenant, run=Run.objects.select_related("version__template").get())
        assert review is not None
        steps = list(Step.objects.filter(version=second, day__gte=9).order_by("day", "pk")[:2])
        for kind, text, key in (
            ("reuse", "开班仪式的接龙带动了一半的人", ""),
            ("improve", "午间提醒没人看，挪到晚上", steps[0].key),
            ("improve", "多安排一次一对一回访", ""),
        ):
            review_item_add(
                tenant=tenant, review_id=review.pk, kind=kind, text=text, step_key=key, actor=SYSTEM
            )
    page.goto(f"{base}/runs/{running.pk}/review/")
    look(page, "vers-review")
    with tenant_scope(tenant):
        review_finish(
            tenant=tenant,
            review_id=review.pk,
            decision="change",
            summary="节奏可以，晚间太密。",
            actor=SYSTEM,
        )
        draft = review_to_draft(tenant=tenant, review_id=Review.objects.get().pk, actor=SYSTEM)
    page.goto(f"{base}/runs/{running.pk}/review/")
    look(page, "vers-review-done")
    page.goto(f"{base}/versions/{draft.pk}/")
    expect(page.locator(".is-points > li")).to_have_count(2)
    look(page, "vers-points")
