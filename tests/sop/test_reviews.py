"""The review after a run: it falls due by itself, is not ticked away, and its points go into the next version."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from sop.errors import ReasonMissing, ReviewEmpty, ReviewNotDone, ReviewOpenItems
from sop.events import RunEnded
from sop.handlers import on_review_act, on_run_ended
from sop.models import Review, ReviewItem, Run, Step, Template, Touch, Version
from sop.selectors.reviews import proposals_of, review_numbers, run_lead
from sop.services.planning import plan_apply
from sop.services.reviews import (
    review_finish,
    review_item_add,
    review_item_remove,
    review_item_settle,
    review_open,
    review_to_draft,
    reviews_remind,
)
from sop.services.runs import run_cancel, runs_finish_due
from sop.services.templates import step_remove, version_publish
from team.models import Notice, WorkItem
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.sop.conftest import Camp
from tests.sop.test_pages import live_group, page
from tests.waiting import wait_until

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
    with transaction.atomic():
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
    assert Notice.objects.filter(kind="reminder").count() == 2
    review = Review.objects.get()
    review_item_add(tenant=ended.tenant, review_id=review.pk, kind="improve", text="早点发", actor=SYSTEM)
    review_finish(tenant=ended.tenant, review_id=review.pk, decision="change", summary="", actor=SYSTEM)
    frozen.move(days=2)
    assert reviews_remind(tenant=ended.tenant) == 0


def test_it_reminds_from_the_moment_it_is_due_and_again_after_a_day_to_the_second(
    ended: Camp, frozen: MovableClock
) -> None:
    due_at = Review.objects.get().due_at
    frozen.set(due_at - timedelta(seconds=1))
    assert reviews_remind(tenant=ended.tenant) == 0
    frozen.set(due_at)
    assert reviews_remind(tenant=ended.tenant) == 1
    frozen.set(due_at + timedelta(hours=24) - timedelta(seconds=1))
    assert reviews_remind(tenant=ended.tenant) == 0
    frozen.set(due_at + timedelta(hours=24))
    assert reviews_remind(tenant=ended.tenant) == 1


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


def test_points_need_words_hands_that_may_and_a_reason_to_be_left(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    asked: dict[str, Any] = {"tenant": tenant, "review_id": review.pk, "kind": "improve", "actor": SYSTEM}
    sales = Actor.of_staff(ended.staff.pk, "林晓", frozenset({Permission.WORK}))
    with pytest.raises(ReasonMissing):
        review_item_add(**asked, text=" ")
    with pytest.raises(NotPermitted):
        review_item_add(**asked | {"actor": sales}, text="早点发")
    item = review_item_add(**asked, text="早点发")
    settled: dict[str, Any] = {"tenant": tenant, "item_id": item.pk, "actor": SYSTEM}
    with pytest.raises(ReasonMissing):
        review_item_settle(**settled, state="left", reason=" ")
    with pytest.raises(NotPermitted):
        review_item_settle(**settled | {"actor": sales}, state="open", reason="")
    assert review_item_settle(**settled, state="open", reason="").state == "open"
    other = Review.objects.create(
        tenant=tenant, run=make_run(tenant=tenant, version=ended.version, groups=[]), due_at=review.due_at
    )
    review_item_remove(tenant=tenant, review_id=other.pk, item_id=item.pk, actor=SYSTEM)
    assert ReviewItem.objects.filter(pk=item.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_who_settles_a_point_that_a_colleague_is_taking_out_waits_and_finds_it_gone(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    item = review_item_add(tenant=tenant, review_id=review.pk, kind="improve", text="早点发", actor=SYSTEM)

    def settle() -> None:
        try:
            with tenant_scope(tenant), pytest.raises(ReviewItem.DoesNotExist):
                review_item_settle(tenant=tenant, item_id=item.pk, state="changed", reason="", actor=SYSTEM)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Review.objects.select_for_update().get(pk=review.pk)
            settling = pool.submit(settle)
            wait_until(_somebody_waits, "the other waits for the review")
            review_item_remove(tenant=tenant, review_id=review.pk, item_id=item.pk, actor=SYSTEM)
        settling.result()
    assert not ReviewItem.objects.exists()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted")
        return bool(cursor.fetchone()[0])


def test_a_draft_shows_its_points_to_improve_and_which_its_steps_answer(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    for kind, key in (("improve", "noon"), ("improve", "live"), ("reuse", "noon")):
        review_item_add(tenant=tenant, review_id=review.pk, kind=kind, text=key, step_key=key, actor=SYSTEM)
    draft = review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM)
    Step.objects.filter(version=draft, key="noon").update(at=time(12, 30))
    assert [(one.item.step_key, one.is_settled) for one in proposals_of(draft)] == [
        ("noon", True),
        ("live", False),
    ]


def test_who_owns_most_groups_looks_back_and_a_leaver_is_not_written_to(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=STEPS, groups=3)
    few = make_staff(tenant=made.tenant, app=made.groups[0].app, userid="a", name="a")
    made.groups[0].owner = few
    made.groups[0].save()
    assert run_lead(tenant=made.tenant, run=made.run) == made.staff
    review_open(tenant=made.tenant, run=made.run)
    made.staff.is_active = False
    made.staff.save()
    frozen.move(days=4)
    assert reviews_remind(tenant=made.tenant) == 1
    assert not Notice.objects.exists()


def test_the_numbers_tell_rules_that_blocked_and_runs_that_only_broadcast(camp: Make) -> None:
    made = camp(steps=STEPS)
    plan_apply(tenant=made.tenant, run=made.run)
    noon, live = Touch.objects.order_by("planned_at")
    assert not review_numbers(tenant=made.tenant, run=made.run).only_broadcasts
    Touch.objects.filter(pk=noon.pk).update(state="blocked", rule_code="CAP-01")
    Touch.objects.filter(pk=live.pk).update(state="confirmed", done_at=live.planned_at)
    found = review_numbers(tenant=made.tenant, run=made.run)
    assert (found.blocked, found.broadcasts, found.talks) == ([("CAP-01", 1)], 1, 0)
    assert found.only_broadcasts
    Step.objects.filter(pk=live.step_id).update(opens_talk=True)
    assert not review_numbers(tenant=made.tenant, run=made.run).only_broadcasts


def test_review_by_its_pages(page: Callable[..., Any], tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        version = make_version(tenant=tenant, steps=STEPS)
        Template.objects.update(kind="daily")
        run = make_run(tenant=tenant, version=version, groups=[live_group(tenant)])
        plan_apply(tenant=tenant, run=run)
    before = page(f"/sop/runs/{run.pk}/review/")
    assert before.status_code == 200
    assert "review/add/" not in before.content.decode()
    assert "午间问候" not in before.content.decode()  # its steps are for the points, which come after the end
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
