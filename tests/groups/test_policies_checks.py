"""Every check once failing and once holding, and the golden cases Name, Staff, Size, Flash, Unpaid."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils.translation import override

from groups.enums import Context, Severity
from groups.policies import answers
from groups.policies.checks import REGISTRY, Check, evaluate, passed, stopping
from groups.policies.plan import Allowed, GroupPlan
from groups.policies.reference import ADS_WEEK, GOOD_WEEK, NOW, PLANNED, RUNNING, planned, running

pytestmark = pytest.mark.unit

READY = planned()
LIVE = running()
V, M = "value", "marketing"


def with_week(week: answers.Week) -> GroupPlan:
    return planned(answers={"operation": {"week": week}})


def with_name(name: str, **more: object) -> GroupPlan:
    return planned(name=name, **more)


def codes(facts: GroupPlan) -> set[str]:
    return {finding.code for finding in evaluate(facts)}


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_check_fails_its_bad_example_and_holds_its_good_one(code):
    one = REGISTRY[code]
    assert code in asked(one.bad, one)
    assert code not in asked(one.good, one)


def asked(plan: GroupPlan, one: Check) -> set[str]:
    """The codes found where the check is asked; it must be asked of its examples."""
    contexts = [context for context in Context if one.applies(plan, context)]
    assert contexts
    return {finding.code for context in contexts for finding in evaluate(plan, context)}


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_finding_says_what_to_do_and_cites_its_rule(code):
    one = REGISTRY[code]
    finding = next(found for context in Context for found in evaluate(one.bad, context) if found.code == code)
    assert finding.message
    assert "%(" not in finding.message
    assert str(finding.fix)
    assert str(finding.title)
    assert finding.source.startswith("R")
    assert one.cites
    json.dumps(dict(finding.evidence))


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_every_check_says_it_in_chinese(code):
    one = REGISTRY[code]
    with override("en"):
        wrong = one.test(one.bad).message
    with override("zh-hans"):
        said = [one.test(one.bad).message, str(one.title), str(one.fix)]
    assert all(re.search("[\u4e00-\u9fff]", words) for words in said), said
    assert said[0] != wrong


@pytest.mark.parametrize("plans", [PLANNED, RUNNING], ids=["planned", "running"])
@pytest.mark.parametrize("key", sorted(PLANNED))
def test_a_reference_plan_breaks_no_rule(plans, key):
    assert [finding.code for context in Context for finding in evaluate(plans[key], context)] == []


def test_a_group_with_everything_answered_may_go_live():
    assert stopping(READY) == []


def test_nothing_answered_stops_with_type_answers_and_crisis_plan():
    bare = GroupPlan(now=NOW, today=NOW.date())
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


@pytest.mark.parametrize(
    ("customers", "reason", "is_found"), [(495, "", False), (496, "", True), (496, "直播", False)]
)
def test_a_group_that_has_grown_to_500_needs_a_reason_whatever_its_target(customers, reason, is_found):
    facts = replace(LIVE, staff_count=4, customer_count=customers, target_size=200, size_reason=reason)
    found = {one.code: one for one in evaluate(facts)}
    assert ("SIZE-02" in found) is is_found
    assert not is_found or "500" in found["SIZE-02"].message


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
    assert {"NEW-01", "NEW-02", "NEW-03"} <= codes(with_week(ADS_WEEK))
    flash = replace(with_week(ADS_WEEK), kind="flash")
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


BAD = running(
    "learning", sub_kind="", payment_basis="", purpose="", planned_name="启蒙营",
    name="妈妈们一起来坚持打卡吧\U0001f331\U0001f331\U0001f331", staff_count=2, target_size=500, value_proposition="",
    welcome="欢迎进群，先领券再看课。", announcement="", owner_sits_in=False, week_ahead=0,
    last_message_at=NOW - timedelta(days=8), ends_at=NOW, promises_due=10, promises_open=2,
    answers={
        "positioning": {}, "deliverable": {"promises": "用心服务"}, "management": {}, "crisis": {},
        "rules": {"lines": "文明", "ladder": "警告"},
    },
)  # fmt: skip
PLANTED = {
    "TYPE-01", "PAY-01", "POS-01", "READY-01", "READY-05", "CRISIS-01", "DELIV-01", "DELIV-03", "NAME-01", "NAME-02",
    "NAME-03", "NAME-04", "NAME-05", "STAFF-01", "SIZE-01", "SIZE-02", "BASE-05", "BASE-06", "BASE-07", "RULES-01",
    "RULES-02", "RULES-03", "ROLE-01", "DEAD-01", "LIFE-02",
}  # fmt: skip


def test_a_plan_with_25_planted_faults_yields_exactly_those():
    assert len(PLANTED) == 25
    found = [finding.code for finding in evaluate(BAD)]
    assert sorted(found) == sorted(PLANTED)


# The same by context: what is broken, where it is asked, and exactly what must be found there.
ADS_DAYS = (("marketing",),) * 7
_ASKED_EARLY = {*PLANTED} - {"NAME-05", "ROLE-01", "DEAD-01", "LIFE-02", "DELIV-03"}
FAULTY = {
    "going live": (
        replace(BAD, state="planning", is_linked=False, answers={**BAD.answers, "ending": {}, "operation": {}}),
        Context.GO_LIVE,
        _ASKED_EARLY | {"READY-02", "READY-06"},
    ),
    "going live, nothing promised": (
        planned("learning", answers={"deliverable": {}, "rules": {}}), Context.GO_LIVE, {"READY-03", "READY-04"},
    ),
    "going live, new users": (
        planned(answers={"operation": {"week": ADS_WEEK}}), Context.GO_LIVE, {"NEW-01", "NEW-02", "NEW-03"},
    ),
    "going live, half of the audience said": (
        planned(answers={"positioning": {**planned().answer("positioning"), "age": "", "spending": " "}}),
        Context.GO_LIVE,
        {"POS-02"},
    ),
    "going live, a word without its answer": (
        planned(announcement=f"{planned().announcement}扣1领资料。"), Context.GO_LIVE, {"BASE-08"},
    ),
    "going live, flash": (
        planned("flash", ends_at=None, payment_basis="unpaid"), Context.GO_LIVE, {"FLASH-01", "UNPAID-01"},
    ),
    "going live, long flash": (planned("flash", ends_at=NOW + timedelta(days=9)), Context.GO_LIVE, {"FLASH-03"}),
    "going live, super": (
        planned("super_user", ends_at=NOW + timedelta(days=9), open_codes=2, answers={"positioning": {
            **planned().answer("positioning"), "screening": "", "benefits": "",
        }}),
        Context.GO_LIVE,
        {"SUPER-01", "SUPER-04", "SUPER-05", "SUPER-06"},
    ),
    "publishing, new users": (
        planned(days=ADS_DAYS, posts=(7,)), Context.PUBLISH, {"NEW-01", "NEW-02", "NEW-03", "RHYTHM-01"},
    ),
    "publishing, super": (
        planned("super_user", days=(("value",), *((),) * 9), posts=(1, 9)), Context.PUBLISH,
        {"SUPER-07", "RHYTHM-01"},
    ),
    "publishing, flash": (
        planned("flash", days=ADS_DAYS, ends_at=NOW + timedelta(days=12)), Context.PUBLISH,
        {"FLASH-03", "MIX-02"},
    ),
    "the week, selling only": (running("learning", days=ADS_DAYS[:7], week_ahead=7), Context.WEEK, {"MIX-02"}),
    "the week, new users": (
        running(days=(*ADS_DAYS[:6], ()), posts=(9,), week_ahead=6), Context.WEEK,
        {"NEW-01", "NEW-02", "NEW-03", "RHYTHM-01", "PLAN-02"},
    ),
    "the week, super": (running("super_user", days=((),) * 7, week_ahead=0), Context.WEEK, {"SUPER-02"}),
    "the week, empty": (running("learning", days=((),) * 7, week_ahead=0), Context.WEEK, {"PLAN-01"}),
    "the night": (BAD, Context.NIGHTLY, PLANTED),
    "the night, seats and ads": (
        running(customer_count=196, sent=10, sent_marketing=6, spoken=40, spoken_before=60, staff_count=6),
        Context.NIGHTLY,
        {"SIZE-01", "STAFF-02", "AD-01"},
    ),
    "the night, ads of members": (
        running(outsider_ads=6, spoken=40, spoken_before=60), Context.NIGHTLY, {"AD-02"},
    ),
    "the night, full": (running(customer_count=196), Context.NIGHTLY, {"SIZE-03"}),
    "the night, super": (
        running("super_user", customer_count=100, super_count=40, week_ahead=0), Context.NIGHTLY,
        {"SUPER-02", "SUPER-03"},
    ),
    "the night, newcomers among old customers": (
        running("super_user", customer_count=100, super_count=30, side="old", newcomer_codes=1), Context.NIGHTLY,
        {"MIX-01"},
    ),
    "the night, flash": (running("flash", ends_at=NOW), Context.NIGHTLY, {"FLASH-02"}),
    "the night, one promise": (running("learning", promises_due=10, promises_open=1), Context.NIGHTLY, {"DELIV-02"}),
    "the night, first week": (
        running(goes_live_at=NOW - timedelta(days=3), last_message_at=NOW - timedelta(hours=50)), Context.NIGHTLY,
        {"LIFE-01"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_planted_faults_are_found_where_they_are_asked_and_nothing_else(name):
    plan, context, planted = FAULTY[name]
    found = [finding.code for finding in evaluate(plan, context)]
    assert len(found) == len(set(found))
    assert set(found) == planted


def test_planted_faults_cover_every_check_and_every_context():
    assert {context for _plan, context, _planted in FAULTY.values()} == set(Context)
    known = {code for _plan, _context, planted in FAULTY.values() for code in planted}
    assert known == set(REGISTRY)


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_without_one_check_its_planted_faults_are_missed(monkeypatch, code):
    monkeypatch.delitem(REGISTRY, code)
    missed = {name for name, (plan, context, planted) in FAULTY.items() if found_in(plan, context) != planted}
    assert missed == {name for name, (_plan, _context, planted) in FAULTY.items() if code in planted}
    assert missed


def found_in(plan: GroupPlan, context: Context) -> set[str]:
    return {finding.code for finding in evaluate(plan, context)}


@pytest.mark.parametrize("context", list(Context))
@pytest.mark.parametrize("key", sorted(PLANNED))
def test_a_good_plan_by_days_breaks_no_rule_in_any_context(key, context):
    days = (("value", "marketing", "talk"),) * 14
    for plans in (PLANNED, RUNNING):
        flash = {"ends_at": NOW + timedelta(days=6)} if key == "flash" else {}
        plan = replace(plans[key], days=days, posts=(3,) * 14, week_ahead=42, **flash)
        assert [finding.code for finding in evaluate(plan, context)] == []


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (
            (("value",),) * 7 + (("marketing",),) * 7,
            {"NEW-01", "NEW-02", "NEW-03"},
        ),  # the second week counts too
        ((("value", "marketing"),) * 14, set()),
        ((("value",), *(("marketing", "talk"),) * 5, ("marketing", "marketing", "talk")), set()),
        ((("norms",), *(("value",),) * 6), {"NEW-03"}),
        ((), set()),
        (((),) * 7, set()),
    ],
)
def test_every_seven_days_of_a_new_user_plan_are_judged(days, found):
    plan = planned(days=days)
    assert {finding.code for finding in evaluate(plan, Context.PUBLISH)} == found


@pytest.mark.parametrize(
    ("supers", "is_off"), [(24, True), (25, False), (30, False), (35, False), (36, True)]
)
def test_three_super_users_in_ten_within_five_points(supers, is_off):
    facts = running("super_user", customer_count=100, super_count=supers)
    assert ("SUPER-03" in codes(facts)) is is_off


@pytest.mark.parametrize(
    ("due", "kept", "found"),
    [
        (10, 10, set()),
        (10, 9, {"DELIV-02"}),
        (10, 8, {"DELIV-03"}),
        (100, 90, {"DELIV-02"}),
        (100, 89, {"DELIV-03"}),
        (1, 0, {"DELIV-03"}),
    ],
)
def test_an_overdue_promise_is_amber_and_more_than_a_tenth_red(due, kept, found):
    facts = running("service", promises_due=due, promises_open=due - kept)
    assert {code for code in codes(facts) if code.startswith("DELIV")} == found


def test_promises_of_another_type_are_not_held_against_it():
    facts = running(promises_due=10, promises_open=10)
    assert codes(facts) == set()


def test_what_nobody_measures_is_no_fault():
    facts = running("super_user", super_count=None, week_ahead=None, owner_sits_in=None)
    assert codes(facts) == set()


def test_a_size_above_the_target_warns_until_a_leader_approved_it_and_never_stops():
    large = replace(READY, target_size=201)
    (warned,) = [one for one in evaluate(large) if one.code == "SIZE-01"]
    assert (warned.severity, warned.is_approvable, stopping(large)) == (Severity.WARN, True, [])
    approved = replace(large, approvals={"SIZE-01": Allowed("直播大群", None, "周岚")})
    (noted,) = [one for one in evaluate(approved) if one.code == "SIZE-01"]
    assert (noted.severity, noted.approved_by, noted.is_approvable) == (Severity.NOTE, "周岚", False)


@pytest.mark.parametrize(
    "code", sorted(code for code, one in REGISTRY.items() if Context.WEEK in one.contexts)
)
def test_what_is_asked_of_a_week_needs_no_more_than_settings_answers_and_the_week(code):
    """The weekly table reads no more (groups.selectors.week_facts)."""
    unread = {
        "staff_count": 0, "customer_count": 0, "sibling_count": 0, "last_message_at": None, "sees_messages": False,
        "is_heard": False, "owner_sits_in": None, "sent": 0, "sent_marketing": 0, "spoken": 0, "spoken_before": 0,
        "outsider_ads": None, "super_count": None, "open_codes": 0, "newcomer_codes": 0, "promises_due": 0,
        "promises_open": 0,
    }  # fmt: skip
    for example, is_found in ((REGISTRY[code].bad, True), (REGISTRY[code].good, False)):
        found = {one.code for one in evaluate(replace(example, **unread), Context.WEEK)}
        assert (code in found) == is_found


@pytest.mark.parametrize("kind", ["new_user", "flash", "super_user"])
@pytest.mark.parametrize("late", [1, 9])
def test_only_a_delivery_group_is_held_to_a_ledger_of_promises(kind, late):
    facts = running(kind, promises_due=10, promises_open=late, week_ahead=1)
    assert not {code for code in codes(facts) if code.startswith("DELIV")}


def test_each_promise_is_held_to_its_own_date_or_number():
    told = {"promises": "每晚 20:00 带读\n用心服务\n随时答疑\n作业 24 小时内点评"}
    found = {one.code: one for one in evaluate(planned("learning", answers={"deliverable": told}))}
    assert found["DELIV-01"].evidence == {"count": 2}
