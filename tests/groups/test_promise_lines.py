"""A line of "What we deliver" is one promise, whatever the line or the promise says by now (R17)."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from groups.enums import Question, State
from groups.models import Promise, ReadinessAnswer
from groups.policies.promise_lines import KEYS, carried, lines_keyed
from groups.selectors.promise_lines import lines_to_take_over
from groups.services.promises import PromiseDraft, promise_edit, promise_keep
from groups.services.promises_gate import TakenOver, promises_from_gate
from groups.services.setup import readiness_answer
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, User
from tests.factories.groups import make_ready_group

LINES = st.lists(
    st.sampled_from(["每晚 20:00 带读", "每晚 21:00 带读", "作业点评", "学习报告", "x"]), max_size=6
)


def told(*lines: str, keys: list[str] | None = None) -> dict:
    return {"promises": "\n".join(lines), **({KEYS: keys} if keys else {})}


def keys(answer: dict) -> list[str]:
    return [one.key for one in lines_keyed(answer)]


@given(LINES, LINES)
def test_every_line_has_a_key_of_its_own_and_what_stayed_keeps_it(
    before: list[str], after: list[str]
) -> None:
    first = carried({}, told(*before))
    second = carried(first, told(*after))
    assert len(keys(second)) == len(set(keys(second))) == len(after)
    stayed = {text: [one.key for one in lines_keyed(first) if one.text == text] for text in before}
    for text in set(after):
        mine = [one.key for one in lines_keyed(second) if one.text == text]
        both = min(len(mine), len(stayed.get(text, [])))
        assert len(set(mine) & set(stayed.get(text, []))) >= both
    assert carried(second, told(*after)) == second


def test_a_reworded_line_keeps_its_key_and_a_new_one_has_none_of_the_old() -> None:
    first = carried({}, told("每晚 20:00 老师带读", "作业 24 小时内点评"))
    second = carried(first, told("全新的一条：毕业礼物", "每晚 21:00 老师带读", "作业 24 小时内点评"))
    assert keys(second)[1:] == keys(first)
    assert keys(second)[0] not in keys(first)


def test_a_line_that_is_hardly_like_another_is_a_new_promise_and_takes_no_key_of_one_that_was_reworded() -> (
    None
):
    first = carried({}, told("每天晚上有老师答疑"))
    assert keys(carried(first, told("每月送一本书"))) != keys(first)
    reworded = carried(first, told("每天晚上有助教答疑"))
    assert keys(reworded) == keys(first)
    both = carried(reworded, told("每天晚上有老师答疑", "每天晚上有助教答疑"))
    assert keys(both)[1] == keys(first)[0]
    assert keys(both)[0] != keys(first)[0]


db = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def group(scoped):
    return make_ready_group(
        tenant=scoped, kind="delivery", sub_kind="learning", payment_basis="paid", purpose="after_sales",
        state=State.ACTIVE,
    )  # fmt: skip


def answers(group, *lines):
    readiness_answer(
        tenant=group.tenant,
        group_id=group.pk,
        question=Question.DELIVERABLE,
        answer=told(*lines),
        actor=SYSTEM,
    )


def take(group):
    return promises_from_gate(tenant=group.tenant, group_id=group.pk, actor=SYSTEM)


def ledger():
    return sorted(Promise.objects.values_list("text", flat=True))


def reword(promise, text):
    draft = PromiseDraft(text=text, due_at=promise.due_at)
    promise_edit(tenant=promise.tenant, promise_id=promise.pk, draft=draft, actor=SYSTEM)


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
def test_a_promise_that_was_edited_in_the_ledger_is_not_taken_over_again(scoped, group):
    answers(group, "每晚 20:00 带读", "作业点评")
    assert take(group) == TakenOver(2, 0)
    reword(Promise.objects.get(text="作业点评"), "作业 48 小时内点评，周末除外")
    assert lines_to_take_over(tenant_id=scoped.pk, group_id=group.pk) == []
    assert take(group) == TakenOver(0, 0)
    assert ledger() == ["作业 48 小时内点评，周末除外", "每晚 20:00 带读"]


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
def test_two_lines_with_the_same_words_are_two_promises(group):
    answers(group, "一次一对一辅导", "一次一对一辅导")
    assert take(group) == TakenOver(2, 0)
    answers(group, "一次一对一辅导", "一次一对一辅导", "一次一对一辅导")
    assert take(group) == TakenOver(1, 0)
    assert take(group) == TakenOver(0, 0)
    assert len(ledger()) == 3


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
def test_a_line_reworded_in_the_answer_rewords_its_open_promise_with_its_moment(scoped, group):
    answers(group, "每晚 20:00 老师带读", "作业点评")
    take(group)
    kept = Promise.objects.get(text="作业点评")
    promise_keep(tenant=scoped, promise_id=kept.pk, evidence="截图", actor=SYSTEM)
    answers(group, "每晚 21:00 老师带读", "作业都点评")
    assert lines_to_take_over(tenant_id=scoped.pk, group_id=group.pk) == ["每晚 21:00 老师带读"]
    assert take(group) == TakenOver(0, 1)
    moved = Promise.objects.get(text="每晚 21:00 老师带读")
    assert clock.local(moved.due_at, scoped.timezone).hour == 21
    kept.refresh_from_db()
    assert kept.text == "作业点评"


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
def test_an_answer_emptied_and_written_again_makes_no_promise_twice(group):
    answers(group, "每晚 20:00 带读", "作业点评")
    take(group)
    answers(group)
    answers(group, "作业点评", "每晚 20:00 带读")
    assert take(group) == TakenOver(0, 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
def test_answers_and_promises_from_before_keys_are_the_same_promises(group):
    answers(group, "每晚 20:00 带读", "作业点评")
    take(group)
    Promise.objects.update(gate_key="")
    ReadinessAnswer.objects.filter(question=Question.DELIVERABLE).update(
        answer=told("每晚 20:00 带读", "作业点评")
    )
    assert take(group) == TakenOver(0, 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
def test_the_gates_page_keeps_the_keys_and_the_trail_shows_words_only(scoped, group, client: Client):
    answers(group, "每晚 20:00 老师带读")
    take(group)
    client.force_login(User.objects.get(email="lin@example.com"))
    url = tenant_url(scoped, "groups:readiness", pk=group.pk)
    page = client.get(url)
    form = page.context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    client.post(url, {**data, "deliverable_promises": "每晚 20:30 老师带读\n毕业证书", "reason": "改时间"})
    assert take(group) == TakenOver(1, 1)
    assert ledger() == ["每晚 20:30 老师带读", "毕业证书"]
    assert KEYS not in str(list(AuditEntry.objects.values_list("changes", flat=True)))
