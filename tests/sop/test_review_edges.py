"""Reviews at their edges: whose they are, what their numbers count, which draft answers them, what stays settled."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import transaction

from sop.enums.reviews import REVIEW_DAYS, ItemState
from sop.errors import ReviewEmpty
from sop.handlers import on_review_act
from sop.models import Review, ReviewItem, Step, Template, Touch, Version
from sop.selectors.reviews import proposals_of, review_numbers, run_lead
from sop.services.planning import plan_apply
from sop.services.reviews import (
    review_finish,
    review_item_add,
    review_item_settle,
    review_open,
    review_to_draft,
    reviews_remind,
)
from sop.services.templates import version_draft, version_publish
from team.models import Staff, WorkItem
from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.models import AuditEntry, User
from tenants.services import preference_set
from tests.conftest import MovableClock
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.sop.conftest import Camp
from tests.sop.test_reviews import STEPS, Make, ended, tell

__all__ = ["ended"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def point(review: Review, kind: str = "improve", text: str = "早点发", **more: Any) -> ReviewItem:
    told = {"tenant": review.tenant, "review_id": review.pk, "kind": kind, "text": text, "actor": SYSTEM}
    return review_item_add(**told | more)


def test_the_days_of_a_review_are_the_companys_setting(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=STEPS)
    preference_set(tenant=made.tenant, setting=REVIEW_DAYS, raw=5, actor=SYSTEM)
    review = review_open(tenant=made.tenant, run=made.run)
    assert review is not None
    assert review.due_at == frozen.moment + timedelta(days=5)


def test_an_end_told_again_asks_nobody_again_and_putting_off_is_no_tick(ended: Camp) -> None:
    review, actor = Review.objects.get(), Actor.of_staff(ended.staff.pk, "林晓", frozenset(Permission))
    on_review_act(tenant=ended.tenant, source_id=review.pk, verb="snooze", actor=SYSTEM)
    point(review, text="  早点发  ", actor=actor)
    review_finish(tenant=ended.tenant, review_id=review.pk, decision="keep", summary=" 照旧 ", actor=actor)
    tell(ended)
    assert WorkItem.objects.get(source_kind="sop.review").state == "done"
    review.refresh_from_db()
    assert (review.done_by, review.summary) == ("林晓", "照旧")
    assert ReviewItem.objects.values_list("text", "created_by").get() == ("早点发", "林晓")


def test_a_review_is_not_done_by_the_points_of_another(ended: Camp) -> None:
    review = Review.objects.get()
    run = make_run(tenant=ended.tenant, version=ended.version, groups=[])
    point(Review.objects.create(tenant=ended.tenant, run=run, due_at=review.due_at))
    with pytest.raises(ReviewEmpty):
        review_finish(tenant=ended.tenant, review_id=review.pk, decision="keep", summary="", actor=SYSTEM)


def test_a_task_that_somebody_took_away_stands_there_again_with_the_reminder(
    ended: Camp, frozen: MovableClock
) -> None:
    WorkItem.objects.filter(source_kind="sop.review").update(state="cancelled")
    frozen.move(days=3)
    assert reviews_remind(tenant=ended.tenant) == 1
    assert WorkItem.objects.get(source_kind="sop.review").state == "open"


def test_the_draft_is_of_the_same_template_and_starts_from_its_newest_version(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    other = make_version(tenant=tenant, steps=STEPS)
    version_draft(tenant=tenant, version_id=other.pk, reason="另一个", actor=SYSTEM)
    newer = version_draft(tenant=tenant, version_id=ended.version.pk, reason="新", actor=SYSTEM)
    Step.objects.filter(version=newer, key="noon").update(title="午间新问候")
    version_publish(tenant=tenant, version_id=newer.pk, actor=SYSTEM)
    draft = review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM)
    assert draft.template == ended.version.template
    assert draft.parent == newer
    assert draft.steps.filter(title="午间新问候").exists()


def test_an_open_draft_answers_the_review_and_no_second_one_is_made(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    present = version_draft(tenant=tenant, version_id=ended.version.pk, reason="在写", actor=SYSTEM)
    assert review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM) == present
    assert Version.objects.filter(state="draft").count() == 1


def test_what_was_left_stays_left_although_its_step_changed_and_open_again_forgets_why(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    left, again = point(review, step_key="noon"), point(review, step_key="live")
    point(review, kind="reuse")
    draft = review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM)
    Step.objects.filter(version=draft).update(at=time(12, 30))
    who: dict[str, Any] = {"tenant": tenant, "actor": SYSTEM}
    for item in (left, again):
        review_item_settle(item_id=item.pk, state="left", reason="下期再说" * 100, **who)
    again = review_item_settle(item_id=again.pk, state="open", reason="忘了", **who)
    assert (again.settle_reason, again.settled_by, again.settled_at) == ("", "", None)
    assert [one.is_settled for one in proposals_of(draft)] == [True, True]
    version_publish(tenant=tenant, version_id=draft.pk, actor=SYSTEM)
    left.refresh_from_db()
    again.refresh_from_db()
    assert (left.state, len(left.settle_reason)) == (ItemState.LEFT, 200)
    assert again.state == ItemState.CHANGED


def test_a_point_of_no_step_is_settled_by_hand_only(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    whole = point(review)
    draft = review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM)
    assert [one.is_settled for one in proposals_of(draft)] == [False]
    review_item_settle(tenant=tenant, item_id=whole.pk, state="changed", reason="", actor=SYSTEM)
    assert [one.is_settled for one in proposals_of(draft)] == [True]


def test_who_started_a_run_looks_back_at_it_else_the_owner_of_its_groups_else_anybody(camp: Make) -> None:
    made = camp(steps=STEPS)
    user = User.objects.create(email="zhou@example.com", name="周岚")
    starter = Actor.of_user(user, frozenset(Permission))
    audit.record(tenant=made.tenant, actor=starter, verb="sop.run.changed", target=made.run)
    audit.record(tenant=made.tenant, actor=starter, verb="sop.run.started", target=made.run)
    assert run_lead(tenant=made.tenant, run=made.run) == made.staff  # no colleague signs in as this user
    seat = make_member(tenant=made.tenant, user=user)
    lead = make_staff(tenant=made.tenant, app=made.groups[0].app, userid="zhou", name="周岚")
    Staff.objects.filter(pk=lead.pk).update(membership=seat)
    assert run_lead(tenant=made.tenant, run=made.run) == lead
    other = make_run(tenant=made.tenant, version=made.version, groups=[])
    audit.record(tenant=made.tenant, actor=starter, verb="sop.run.changed", target=other)
    assert run_lead(tenant=made.tenant, run=other) is None


def test_the_numbers_are_those_of_this_run_what_waits_for_proof_too_and_the_rule_that_blocked_most_first(
    camp: Make, frozen: MovableClock
) -> None:
    steps = [{"key": f"s{n}", "day": 1, "at": time(10 + n), "text": "早"} for n in range(5)]
    made = camp(steps=[*steps, {"key": "later", "day": 6, "at": time(10), "text": "晚"}])
    other = make_run(tenant=made.tenant, version=made.version, groups=made.groups)
    for run in (made.run, other):
        with transaction.atomic():
            plan_apply(tenant=made.tenant, run=run)
    Touch.objects.filter(run=other).update(state="blocked", rule_code="OPT-01")
    mine = list(Touch.objects.filter(run=made.run).order_by("planned_at"))
    for touch, rule in zip(mine, ("CAP-01", "QUIET-01", "QUIET-01"), strict=False):
        Touch.objects.filter(pk=touch.pk).update(state="blocked", rule_code=rule)
    Touch.objects.filter(pk=mine[3].pk).update(state="submitted", done_at=mine[3].planned_at)
    frozen.move(hours=4)
    found = review_numbers(tenant=made.tenant, run=made.run)
    assert found.blocked == [("QUIET-01", 2), ("CAP-01", 1)]
    assert (found.broadcasts, found.talks, found.only_broadcasts) == (1, 0, True)
    assert {one.key for one, _result in found.steps} == {
        "s0",
        "s1",
        "s2",
    }  # blocked; nothing else fell due yet
    assert found.total.blocked == 3


def test_a_run_that_sent_nothing_did_not_only_broadcast(camp: Make) -> None:
    made = camp(steps=STEPS)
    assert not review_numbers(tenant=made.tenant, run=made.run).only_broadcasts


def test_every_act_on_a_review_is_in_the_audit_trail(ended: Camp) -> None:
    tenant, review = ended.tenant, Review.objects.get()
    Template.objects.filter(pk=ended.version.template_id).update(kind="daily")
    item = point(review)
    review_to_draft(tenant=tenant, review_id=review.pk, actor=SYSTEM)
    review_item_settle(tenant=tenant, item_id=item.pk, state="left", reason="先不动", actor=SYSTEM)
    review_finish(tenant=tenant, review_id=review.pk, decision="keep", summary="", actor=SYSTEM)
    rows = dict(AuditEntry.objects.filter(verb__startswith="sop.review").values_list("verb", "changes"))
    assert sorted(rows) == [
        "sop.review.answered", "sop.review.done", "sop.review.noted", "sop.review.settled",
    ]  # fmt: skip
    assert rows["sop.review.done"] == {"decision": ["", "keep"]}
