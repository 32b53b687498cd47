"""Process and result of delivery, outcomes of new users, and the plans they begin with (R17, R18)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from groups.enums import Opening, State, Survey
from groups.errors import AnswerInvalid, StateRefused
from groups.models import Group, NewUserGoal
from groups.policies.checks import evaluate
from groups.policies.openings import PLANS, merged
from groups.policies.surveys import Answered, value_of, voices_of
from groups.selectors import answers_of, group_facts
from groups.selectors.results import people_of_result, results_of
from groups.services.openings import opening_apply
from groups.services.setup import readiness_answer
from groups.services.surveys import answer_record
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import User
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import fill_group, make_group, make_member, make_ready_group

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def running(scoped, count=4, **fields):
    made = make_ready_group(tenant=scoped, state=State.ACTIVE, **fields)
    people = make_customers(tenant=scoped, count=count)
    return fill_group(group=made, customers=people), people


def figures(group):
    return {one.key: one for one in results_of(group=group)}


def answer(group, who, survey, value=None, text=""):
    return answer_record(
        tenant=group.tenant, group_id=group.pk, customer_id=who.pk, survey=survey, value=value, text=text, actor=SYSTEM
    )  # fmt: skip


def test_what_nobody_told_is_unknown_and_not_zero(scoped):
    group, _people = running(scoped, kind="delivery", sub_kind="learning")
    found = figures(group)
    assert {one.key for one in found.values() if one.people is not None} == set()
    assert found["learned"].share is None


def test_learned_by_work_or_by_assessment(scoped):
    group, (worker, tested, idle, _rest) = running(scoped, kind="delivery", sub_kind="learning")
    for kind in ("lesson", "assignment"):
        for _number in range(3):
            make_behaviour(tenant=scoped, customer=worker, kind=kind)
        make_behaviour(tenant=scoped, customer=idle, kind=kind)
    answer(group, tested, Survey.ASSESSMENT, 60)
    answer(group, idle, Survey.ASSESSMENT, 59)
    found = figures(group)
    assert found["learned"].people == {worker.pk, tested.pk}
    assert (found["learned"].of, found["learned"].share) == (4, 0.5)
    assert found["lesson"].people == {worker.pk, idle.pk}
    assert (found["passed"].people, found["passed"].of) == ({tested.pk}, 2)


def test_before_joining_and_in_other_groups_does_not_count(scoped):
    group, (one, *_rest) = running(scoped, kind="delivery", sub_kind="learning")
    make_behaviour(tenant=scoped, customer=one, kind="lesson", occurred_at=clock.now() - timedelta(days=9))
    make_behaviour(tenant=scoped, customer=one, kind="lesson", group=make_group(tenant=scoped))
    assert figures(group)["lesson"].people == set()


def test_the_floor_is_a_share_of_those_who_answered(scoped):
    group, (happy, sad, *_rest) = running(scoped, kind="delivery", sub_kind="learning")
    answer(group, happy, Survey.GAIN, 4)
    answer(group, sad, Survey.GAIN, 3)
    found = figures(group)
    assert (found["gained"].people, found["gained"].of) == ({happy.pk}, 2)
    assert (len(found["asked"].people), found["asked"].of) == (2, 4)


def test_expectation_is_compared_with_the_end_for_those_asked_twice(scoped):
    group, (above, even, below, once) = running(scoped, kind="delivery", sub_kind="service")
    for who, expected, rated in ((above, 3, 5), (even, 4, 4), (below, 5, 2)):
        answer(group, who, Survey.EXPECTATION, expected)
        answer(group, who, Survey.RATING, rated)
    answer(group, once, Survey.EXPECTATION, 3)
    make_behaviour(tenant=scoped, customer=above, kind="redeem")
    found = figures(group)
    assert (found["beyond"].people, found["beyond"].of) == ({above.pk}, 3)
    assert found["met"].people == {above.pk, even.pk}
    assert (len(found["rated"].people), found["rated"].of) == (3, 4)
    assert (found["redeemed"].people, found["redeemed"].of) == ({above.pk}, 4)


def test_an_answer_from_a_file_counts_like_one_of_staff(scoped):
    group, (one, *_rest) = running(scoped, kind="delivery", sub_kind="learning")
    make_behaviour(tenant=scoped, customer=one, kind="form", object_id="survey:gain", text="5")
    make_behaviour(tenant=scoped, customer=one, kind="form", object_id="pre-camp", text="1")
    assert figures(group)["gained"].people == {one.pk}


def test_staff_write_only_answers_on_the_scale_of_people_in_the_group(scoped):
    group, (one, *_rest) = running(scoped, kind="delivery", sub_kind="learning")
    (stranger,) = make_customers(tenant=scoped, count=1)
    for who, survey, value, text in (
        (one, Survey.GAIN, 6, ""), (one, Survey.GAIN, None, "好"), (stranger, Survey.GAIN, 5, ""),
        (one, Survey.FEEDBACK, 5, " "), (one, "mood", 3, ""),
    ):  # fmt: skip
        with pytest.raises(AnswerInvalid):
            answer(group, who, survey, value, text)
    assert answer(group, one, Survey.GAIN, 5)
    assert not answer(group, one, Survey.GAIN, 5)


def test_repurchase_upgrade_and_referral_count_from_joining_on(scoped):
    group, (again, more, friend, _idle) = running(scoped, kind="new_user")
    early, late = clock.now() - timedelta(days=30), clock.now()
    for who, first, second in ((again, 9900, 9900), (more, 9900, 19900)):
        make_order(tenant=scoped, customer=who, amount_fen=first, ordered_at=early)
        make_order(tenant=scoped, customer=who, amount_fen=second, ordered_at=late)
    make_order(tenant=scoped, customer=friend, amount_fen=9900, ordered_at=late)
    (brought,) = make_customers(tenant=scoped, count=1)
    make_member(
        group=make_group(tenant=scoped), customer=brought, invited_by=friend.external_userid, joined_at=late
    )
    found = figures(group)
    assert found["repurchase"].people == {again.pk, more.pk}
    assert found["upgrade"].people == {more.pk}
    assert found["referral"].people == {friend.pk}
    assert found["repurchase"].share == 0.5
    assert people_of_result(group, "result-upgrade") == {more.pk}


def test_a_ready_plan_fills_a_planned_group_and_keeps_what_people_wrote(scoped):
    group = make_group(tenant=scoped, chat_id="", app=None, name="", planned_name="小芽英语复购01群")
    readiness_answer(
        tenant=scoped,
        group_id=group.pk,
        question="ending",
        answer={"how": "我们自己的结尾", "next": ""},
        actor=SYSTEM,
    )
    assert opening_apply(tenant=scoped, group_id=group.pk, opening=Opening.FLASH_SALE, actor=SYSTEM) == 1
    group.refresh_from_db()
    assert (group.kind, group.purpose) == ("new_user", "conversion")
    answered = answers_of(tenant_id=scoped.pk, group_ids=[group.pk])[group.pk]
    assert answered["ending"]["how"] == "我们自己的结尾"
    assert answered["ending"]["next"]
    assert answered["operation"]["week"] == PLANS[Opening.FLASH_SALE].week
    assert NewUserGoal.objects.get(group=group).goals["repurchase"] == 20
    opening_apply(tenant=scoped, group_id=group.pk, opening=Opening.EDUCATION, actor=SYSTEM)
    again = answers_of(tenant_id=scoped.pk, group_ids=[group.pk])[group.pk]
    assert again["operation"]["week"] == PLANS[Opening.EDUCATION].week
    assert again["ending"]["how"] == "我们自己的结尾"
    assert {"deal", "feedback"} <= set(figures(group))


@pytest.mark.parametrize("opening", Opening.values)
def test_every_ready_plan_keeps_the_rules_of_a_new_user_group(scoped, opening):
    group = make_group(tenant=scoped, kind="new_user")
    opening_apply(tenant=scoped, group_id=group.pk, opening=opening, actor=SYSTEM)
    group.refresh_from_db()
    codes = {one.code for one in evaluate(group_facts(tenant=scoped, group=group)) if one.stops}
    assert {code for code in codes if code.startswith(("NEW", "READY"))} == set()


def test_a_running_group_is_not_filled_in(scoped):
    group, _people = running(scoped, kind="new_user")
    with pytest.raises(StateRefused):
        opening_apply(tenant=scoped, group_id=group.pk, opening=Opening.GROUP_BUY, actor=SYSTEM)


def test_the_pages_show_figures_open_people_and_take_answers(tenant, scoped):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    group, (one, other, *_rest) = running(scoped, kind="delivery", sub_kind="learning")
    page = tenant_url(scoped, "groups:detail", pk=group.pk)
    told = {"customer": one.pk, "survey": "gain", "value": "5", "text": "每天敢开口了"}
    assert web.post(tenant_url(scoped, "groups:survey", pk=group.pk), told).status_code == 204
    body = web.get(f"{page}?tab=results").content.decode()
    assert "people=result-gained" in body
    opened = web.get(f"{page}?tab=members&people=result-gained&when=ever").content.decode()
    assert one.name in opened
    assert other.name not in opened
    planned = make_group(tenant=scoped, kind="new_user", state=State.PLANNING)
    url = tenant_url(scoped, "groups:opening", pk=planned.pk, opening="group_buy")
    assert web.post(url).status_code == 302
    assert Group.objects.get(pk=planned.pk).value_proposition
    flash = make_group(tenant=scoped, kind="flash")
    assert web.get(tenant_url(scoped, "groups:survey", pk=flash.pk)).status_code == 404


answers_given = st.lists(
    st.builds(
        Answered, customer_id=st.integers(1, 4), survey=st.sampled_from(Survey.values),
        at=st.integers(0, 50).map(lambda hours: datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hours)),
        value=st.one_of(st.none(), st.integers(1, 5).map(float)),
    )
)  # fmt: skip


@given(rows=answers_given, seed=st.randoms())
def test_what_people_said_is_the_same_in_any_order(rows, seed):
    shuffled = list(rows)
    seed.shuffle(shuffled)
    found = voices_of(rows)
    assert found == voices_of(shuffled)
    assert found.beyond() <= found.met() <= found.both


@pytest.mark.parametrize(
    ("survey", "data", "text", "value"),
    [
        ("gain", {"value": 5}, "", 5.0), ("gain", {"value": "4"}, "3", 4.0), ("gain", {}, "3 分", 3.0),
        ("gain", {}, "很好", None), ("gain", {"value": 6}, "", None), ("gain", {"value": True}, "", None),
        ("assessment", {"value": 88.5}, "", 88.5), ("feedback", {}, "5", None),
    ],
)  # fmt: skip
def test_the_number_of_an_answer(survey, data, text, value):
    assert value_of(survey, data, text) == value


@given(
    stored=st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3)),
    filled=st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3)),
)
def test_a_plan_never_overwrites_what_somebody_wrote(stored, filled):
    made, kept = merged(stored={"q": stored}, filled={"q": filled}, fresh={"q": {"a": "新", "b": "新"}})
    for key in ("a", "b"):
        mine = stored.get(key, "")
        is_own = bool(mine.strip()) and mine != filled.get(key) and mine != "新"
        assert made["q"][key] == (mine if is_own else "新")
    assert 0 <= kept <= 2
