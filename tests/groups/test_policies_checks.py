"""Every check once failing and once holding, and the golden cases Name, Staff, Size, Flash, Unpaid."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from groups.enums import ContentKind, Question, Severity, Slot
from groups.policies import answers
from groups.policies.checks import REGISTRY, evaluate, passed, stopping
from groups.policies.facts import Allowed, GroupFacts

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
M, V = ContentKind.MARKETING.value, ContentKind.VALUE.value
GOOD_WEEK = {Slot.MORNING.value: [V] * 7, Slot.NOON.value: [M] * 7, Slot.EVENING.value: [V] * 7}
ADS = {slot: [M] * 7 for slot in Slot.values}
ANSWERS = {
    Question.POSITIONING: {"audience": "妈妈", "not_for": "同行", "outcome": "听读习惯", "actions": "带读"},
    Question.OPERATION: {"week": GOOD_WEEK},
    Question.DELIVERABLE: {"promises": "每晚 20:00 带读\n作业 24 小时内点评"},
    Question.RULES: {"lines": "不加私信\n不发广告", "ladder": "警告、禁言、移出"},
    Question.MANAGEMENT: {"duties": "周岚定规矩，林晓审人"},
    Question.ENDING: {"how": "结营后解散", "next": "启蒙进阶群"},
    Question.CRISIS: {"first_speaker": "周岚 15 分钟内", "complaint": "群诉脚本", "competitor": "冻结并说明"},
}  # fmt: skip
READY = GroupFacts(
    now=NOW,
    today=date(2026, 3, 2),
    brand="小芽英语",
    name="小芽英语启蒙07群",
    series="启蒙",
    sibling_count=6,
    kind="new_user",
    payment_basis="low_price",
    staff_count=3,
    value_proposition="30 天养成听读习惯",
    welcome="欢迎。30 天养成听读习惯，请先介绍孩子的年龄。",
    announcement="每晚 20:00 带读。",
    answers={question.value: answer for question, answer in ANSWERS.items()},
    ends_at=NOW + timedelta(days=30),
)
LIVE = replace(READY, state="active", is_linked=True, customer_count=180, staff_count=4, sees_messages=True,
               goes_live_at=NOW - timedelta(days=20), last_message_at=NOW - timedelta(hours=1))  # fmt: skip


def without(question: str) -> GroupFacts:
    return replace(READY, answers={key: one for key, one in READY.answers.items() if key != question})


def with_week(week: answers.Week) -> GroupFacts:
    return replace(READY, answers={**READY.answers, "operation": {"week": week}})


def with_name(name: str, **more: object) -> GroupFacts:
    return replace(READY, name=name, **more)


DELIVERY = replace(READY, kind="delivery", sub_kind="learning")
FLASH = replace(READY, kind="flash")
LIVE_FLASH = replace(LIVE, kind="flash", ends_at=NOW + timedelta(seconds=1))
ONE_BARE_DAY = {slot: [M, *days[1:]] for slot, days in GOOD_WEEK.items()}
# code -> (facts that fail, facts that hold)
EXAMPLES: dict[str, tuple[GroupFacts, GroupFacts]] = {
    "TYPE-01": (replace(READY, kind="delivery"), READY),
    "PAY-01": (replace(READY, payment_basis=""), READY),
    "READY-01": (without("positioning"), READY),
    "READY-02": (without("operation"), READY),
    "READY-03": (without("deliverable"), READY),
    "READY-04": (without("rules"), READY),
    "READY-05": (without("management"), READY),
    "READY-06": (without("ending"), READY),
    "CRISIS-01": (without("crisis"), READY),
    "FLASH-01": (replace(FLASH, ends_at=None), FLASH),
    "FLASH-02": (replace(LIVE_FLASH, ends_at=NOW), LIVE_FLASH),
    "NEW-01": (with_week(ADS), READY),
    "NEW-02": (with_week({**GOOD_WEEK, "evening": [M] * 7}), READY),
    "NEW-03": (with_week(ONE_BARE_DAY), READY),
    "SUPER-01": (replace(READY, kind="super_user"), replace(READY, kind="super_user", ends_at=None)),
    "DELIV-01": (
        replace(DELIVERY, answers={**READY.answers, "deliverable": {"promises": "用心服务"}}),
        DELIVERY,
    ),
    "UNPAID-01": (
        replace(READY, payment_basis="unpaid", ends_at=None),
        replace(READY, payment_basis="unpaid"),
    ),
    "NAME-01": (with_name("小芽英语启蒙训练营上海07群"), READY),
    "NAME-02": (with_name("启蒙07群"), READY),
    "NAME-03": (with_name("小芽英语启蒙群"), READY),
    "NAME-04": (
        with_name("小芽英语07\U0001f331\U0001f331\U0001f331"),
        with_name("小芽英语07\U0001f331\U0001f331"),
    ),
    "NAME-05": (replace(LIVE, planned_name="小芽英语启蒙08群"), replace(LIVE, planned_name=LIVE.name)),
    "STAFF-01": (replace(READY, staff_count=2), READY),
    "STAFF-02": (replace(READY, staff_count=6), replace(READY, staff_count=5)),
    "SIZE-01": (replace(READY, target_size=201), replace(READY, target_size=200)),
    "SIZE-02": (replace(READY, target_size=500), replace(READY, target_size=500, size_reason="总部直播")),
    "SIZE-03": (replace(LIVE, customer_count=196), replace(LIVE, customer_count=195)),
    "BASE-05": (replace(READY, welcome="欢迎进群，先领券再看课。"), READY),
    "BASE-06": (replace(READY, announcement=" "), READY),
    "DEAD-01": (
        replace(LIVE, last_message_at=NOW - timedelta(days=7, seconds=1)),
        replace(LIVE, last_message_at=NOW - timedelta(days=7)),
    ),
}


def codes(facts: GroupFacts) -> set[str]:
    return {finding.code for finding in evaluate(facts)}


def test_every_check_has_examples():
    assert set(EXAMPLES) == set(REGISTRY)


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_check_fails_its_bad_example_and_holds_its_good_one(code):
    bad, good = EXAMPLES[code]
    assert code in codes(bad)
    assert code not in codes(good)


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_finding_says_what_to_do_and_cites_its_rule(code):
    finding = next(one for one in evaluate(EXAMPLES[code][0]) if one.code == code)
    assert finding.message
    assert "%(" not in finding.message
    assert str(finding.fix)
    assert finding.source.startswith("R")


def test_a_group_with_everything_answered_may_go_live():
    assert stopping(READY) == []


def test_nothing_answered_stops_with_type_answers_and_crisis_plan():
    bare = GroupFacts(now=NOW, today=NOW.date())
    stops = {finding.code for finding in stopping(bare)}
    assert stops >= {"TYPE-01", "PAY-01", "CRISIS-01", *(f"READY-0{number}" for number in range(1, 7))}


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("小芽英语启蒙训练营07群", True),
        ("小芽英语启蒙训练营107群", False),
        ("小芽英语启蒙训练营7群\U0001f331", True),
    ],
)
def test_twelve_characters_fit_and_thirteen_do_not(name, fits):
    assert ("NAME-01" not in codes(with_name(name))) is fits


def test_the_second_group_of_a_series_needs_a_number_and_the_first_does_not():
    name = "小芽英语启蒙群"
    assert "NAME-03" not in codes(with_name(name, sibling_count=0))
    assert "NAME-03" in codes(with_name(name, sibling_count=1))
    assert "NAME-03" not in codes(with_name("小芽英语启蒙上海群", sibling_count=1))


@pytest.mark.parametrize(
    ("staff", "stops", "notes"), [(2, True, False), (3, False, False), (5, False, False), (6, False, True)]
)
def test_three_to_five_staff(staff, stops, notes):
    found = {finding.code: finding for finding in evaluate(replace(READY, staff_count=staff))}
    assert ("STAFF-01" in found and found["STAFF-01"].stops) is stops
    assert ("STAFF-02" in found and found["STAFF-02"].severity == Severity.NOTE) is notes


def test_two_staff_pass_when_a_leader_approved():
    facts = replace(READY, staff_count=2, approvals={"STAFF-01": Allowed("下周补人", None, "周岚")})
    assert stopping(facts) == []
    (finding,) = [one for one in evaluate(facts) if one.code == "STAFF-01"]
    assert (finding.severity, finding.approved_by) == (Severity.NOTE, "周岚")


@pytest.mark.parametrize(
    ("size", "reason", "found"),
    [
        (200, "", set()),
        (201, "", {"SIZE-01"}),
        (499, "", {"SIZE-01"}),
        (500, "", {"SIZE-01", "SIZE-02"}),
        (500, "直播", {"SIZE-01"}),
    ],
)
def test_size_warns_above_200_and_500_needs_a_reason(size, reason, found):
    facts = replace(READY, target_size=size, size_reason=reason)
    assert {code for code in codes(facts) if code.startswith("SIZE")} == found


def test_members_above_200_warn_whatever_the_target_says():
    assert "SIZE-01" in codes(replace(LIVE, staff_count=4, customer_count=197))
    assert "SIZE-01" not in codes(replace(LIVE, staff_count=4, customer_count=196))


def test_unpaid_group_without_end_goes_live_only_by_approval_until_its_review_day():
    facts = replace(READY, payment_basis="unpaid", ends_at=None)
    approved = replace(facts, approvals={"UNPAID-01": Allowed("品牌需要", date(2026, 3, 2), "周岚")})
    overdue = replace(facts, approvals={"UNPAID-01": Allowed("品牌需要", date(2026, 3, 1), "周岚")})
    assert [one.code for one in stopping(facts)] == ["UNPAID-01"]
    assert stopping(approved) == []
    assert [one.code for one in stopping(overdue)] == ["UNPAID-01"]


def test_an_approval_does_not_lift_a_block():
    facts = replace(READY, kind="flash", ends_at=None, approvals={"FLASH-01": Allowed("x", None, "周岚")})
    assert "FLASH-01" in {one.code for one in stopping(facts)}


def test_a_week_of_marketing_only_is_refused_for_new_users_and_not_for_others():
    assert {"NEW-01", "NEW-02", "NEW-03"} <= codes(with_week(ADS))
    flash = replace(with_week(ADS), kind="flash")
    assert not {code for code in codes(flash) if code.startswith("NEW")}


def test_half_marketing_is_allowed():
    half = {"morning": [V] * 7, "noon": [M] * 7, "evening": [""] * 7}
    assert not {code for code in codes(with_week(half)) if code.startswith("NEW")}


def test_silence_proves_nothing_without_a_source_of_messages():
    silent = replace(LIVE, last_message_at=None, sees_messages=False)
    assert "DEAD-01" not in codes(silent)


def test_checks_of_running_groups_leave_planned_ones_alone():
    assert "SIZE-03" not in codes(replace(READY, is_linked=True, customer_count=200))
    assert "SIZE-03" not in {one.code for one in passed(READY)}


@pytest.mark.parametrize(
    ("question", "answer", "valid"),
    [
        ("positioning", {"audience": "妈妈"}, True),
        ("positioning", {"audience": 1}, False),
        ("positioning", {"hobby": "x"}, False),
        ("nonsense", {}, False),
        ("operation", {"week": GOOD_WEEK}, True),
        ("operation", {"week": {"morning": []}}, False),
        ("operation", {"week": {**GOOD_WEEK, "noon": ["gold"] * 7}}, False),
        ("management", {"crew": [1, 2]}, True),
        ("management", {"crew": ["1"]}, False),
        ("rules", {"lines": "x" * 1001}, False),
    ],
)
def test_answer_has_the_shape_of_its_question(question, answer, valid):
    assert answers.is_valid(question, answer) is valid
