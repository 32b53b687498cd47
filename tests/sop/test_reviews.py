"""The review after a run: it falls due by itself, is not ticked away, and its points go into the next version."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from sop.errors import ReviewEmpty, ReviewNotDone, ReviewOpenItems
from sop.events import RunEnded
from sop.handlers import on_review_act, on_run_ended
from sop.models import Review, ReviewItem, Run, Step, Template, Version
from sop.services.planning import plan_apply
from sop.services.reviews import (
    review_finish,
    review_item_add,
    review_item_settle,
    review_open,
    review_to_draft,
    reviews_remind,
)
from sop.services.runs import run_cancel, runs_finish_due
from sop.services.templates import step_remove, version_publish
from team.models import WorkItem
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.sop import make_run, make_version
from tests.sop.conftest import Camp
from tests.sop.test_pages import live_group, page
from wecom.models import OutboundSend

__all__ = ["page"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
STEPS = [
    {"key": "noon", "title": "午间问候", "day": 1, "at": time(12, 0), "text": "午安"},
    {"key": "live", "title": "直播提醒", "day": 2, "at": time(20, 0), "text": "今晚直播"},
]


@pytest.fixture
def ended(camp: Make, frozen: MovableClock) -> Camp:
    """A run that was called off, with its review due."""
    made = camp(steps=STEPS)
    Template.objects.update(kind="daily")
    run_cancel(tenant=made.tenant, run_id=made.run.pk, reason="停", actor=SYSTEM)
    tell(made)
    return made


def tell(made: Camp) -> None:
    event = RunEnded(
        tenant_id=made.tenant.pk, occurred_at=made.run.created_at, run_id=made.run.pk, state="cancelled"
    )
    on_run_ended(tenant_id=made.tenant.pk, events=[event])


def test_a_review_falls_due_once_after_a_run_with_a_task_for_its_lead(ended: Camp) -> None:
    tell(ended)
    review = Review.objects.get()
    item = WorkItem.objects.get(source_kind="sop.review")
    assert (item.source_id, item.staff, item.state) == (review.pk, ended.staff, "open")
    assert item.url.endswith(f"/sop/runs/{ended.run.pk}/review/")
    assert item.due_at == review.due_at


def test_a_week_of_the_push_table_needs_no_review(camp: Make) -> None:
    made = camp(steps=STEPS)
    Template.objects.update(kind="week")
    made.run.version.template.refresh_from_db()
    assert review_open(tenant=made.tenant, run=made.run) is None


def test_a_finished_run_tells_that_it_ended(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=STEPS)
    frozen.move(days=20)
    assert runs_finish_due(tenant=made.tenant) == 1


def test_its_task_closes_by_the_decision_only(ended: Camp) -> None:
    review = Review.objects.get()
    with pytest.raises(ReviewNotDone):
        on_review_act(tenant=ended.tenant, source_id=review.pk, verb="done", actor=SYSTEM)
    with pytest.raises(ReviewEmpty):
        review_finish(tenant=ended.tenant, review_id=review.pk, decision="keep", summary="", actor=SYSTEM)
    review_item_add(tenant=ended.tenant, review_id=review.pk, kind="reuse", text="开班仪式", actor=SYSTEM)
    review_finish(tenant=ended.tenant, review_id=review.pk, decision="keep", summary="照旧", actor=SYSTEM)
    assert WorkItem.objects.get(source_kind="sop.review").state == "done"
    on_review_act(tenant=ended.tenant, source_id=review.pk, verb="done", actor=SYSTEM)


def test_it_reminds_once_a_day_until_it_is_done(ended: Camp, frozen: MovableClock) -> None:
    assert reviews_remind(tenant=ended.tenant) == 0
    frozen.move(days=3)
    assert reviews_remind(tenant=ended.tenant) == 1
    assert reviews_remind(tenant=ended.tenant) == 0
    frozen.move(days=1)
    assert reviews_remind(tenant=ended.tenant) == 1
    assert OutboundSend.objects.filter(ref_kind="sop.review").count() == 2
    review = Review.objects.get()
    review_item_add(tenant=ended.tenant, review_id=review.pk, kind="improve", text="早点发", actor=SYSTEM)
    review_finish(tenant=ended.tenant, review_id=review.pk, decision="change", summary="", actor=SYSTEM)
    frozen.move(days=2)
    assert reviews_remind(tenant=ended.tenant) == 0


def test_points_become_changes_of_the_next_version(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    for key, text in (("noon", "换个时间"), ("live", "不发了"), ("", "多问问题")):
        review_item_add(
            tenant=tenant, review_id=review.pk, kind="improve", text=text, step_key=key, actor=SYSTEM
        )
    draft = review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM)
    assert review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM) == draft
    assert ended.run.name in draft.change_reason
    with pytest.raises(ReviewOpenItems):
        version_publish(tenant=tenant, version_id=draft.pk, actor=SYSTEM)
    Step.objects.filter(version=draft, key="noon").update(at=time(12, 30))
    gone = Step.objects.get(version=draft, key="live")
    step_remove(tenant=tenant, version_id=draft.pk, step_id=gone.pk, actor=SYSTEM)
    whole = ReviewItem.objects.get(step_key="")
    review_item_settle(tenant=tenant, item_id=whole.pk, state="left", reason="下期再做", actor=SYSTEM)
    version_publish(tenant=tenant, version_id=draft.pk, actor=SYSTEM)
    states = dict(ReviewItem.objects.values_list("text", "state"))
    assert states == {"换个时间": "changed", "不发了": "changed", "多问问题": "left"}
    assert list(Version.objects.get(pk=draft.pk).reviews.all()) == [review]


def test_review_by_its_pages(page: Callable[..., Any], tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        version = make_version(tenant=tenant, steps=STEPS)
        Template.objects.update(kind="daily")
        run = make_run(tenant=tenant, version=version, groups=[live_group(tenant)])
        plan_apply(tenant=tenant, run=run)
    before = page(f"/sop/runs/{run.pk}/review/")
    assert before.status_code == 200
    assert "review/add/" not in before.content.decode()
    with tenant_scope(tenant):
        run_cancel(tenant=tenant, run_id=run.pk, reason="停", actor=SYSTEM)
        review_open(tenant=tenant, run=Run.objects.get())
    url = f"/sop/runs/{run.pk}/review/"
    page(f"{url}add/", post={"kind": "improve", "text": "午间太早", "step_key": "noon"})
    page(f"{url}add/", post={"kind": "reuse", "text": "直播效果好"})
    page(f"{url}finish/", post={"decision": "change", "summary": "下期改时间"})
    shown = page(url).content.decode()
    for words in ("午间太早", "直播效果好", "下期改时间", "午间问候"):
        assert words in shown
    made = page(f"{url}draft/", post={})
    with tenant_scope(tenant):
        draft = Version.objects.get(state="draft")
        item = ReviewItem.objects.get(kind="improve")
        step = Step.objects.get(version=draft, key="noon")
    assert made.url.endswith(f"/sop/versions/{draft.pk}/")
    editor = page(f"/sop/versions/{draft.pk}/").content.decode()
    assert "午间太早" in editor
    assert f"/sop/versions/{draft.pk}/steps/{step.pk}/" in editor
    refused = page(f"/sop/versions/{draft.pk}/publish/", post={})
    assert refused.status_code == 409
    page(f"/sop/review-points/{item.pk}/left/", post={"reason": "先不动"})
    assert page(f"/sop/versions/{draft.pk}/publish/", post={}).status_code == 302
    cited = page(f"/sop/versions/{draft.pk}/").content.decode()
    assert "先不动" in cited
    assert f"/sop/runs/{run.pk}/review/" in cited
    assert page(f"{url}add/", post={"kind": "reuse", "text": "晚了"}).status_code == 409
    User.objects.update(language="en")
    assert "What the numbers said" in page(url).content.decode()


def test_a_review_is_due_at_the_companys_own_pace(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=STEPS)
    review = review_open(tenant=made.tenant, run=made.run)
    assert review is not None
    assert review.due_at == frozen.moment + timedelta(days=3)
