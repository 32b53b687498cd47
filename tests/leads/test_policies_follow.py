"""States, waiting, deadlines, next actions, and the class of an order."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.enums import FollowResult, LeadEventKind, LeadState, NextAction
from leads.policies.follow import first_action, next_after, outcome_of, sla_due_at, waiting_since
from leads.policies.orders import order_class
from leads.policies.rules import BUILT_IN, rule_parse
from leads.policies.tiers import Act, Mark, Window, tier_of

pytestmark = pytest.mark.unit

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=33))
RULE = rule_parse(1, BUILT_IN)
SLA = {"S": 10, "A+": 30, "A": 240, "B": 1440}


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def act(kind: str, minute: float, text: str = "") -> Act:
    return Act(id=int(minute), key=f"{kind}{minute}", kind=kind, at=at(minute), text=text)


def judge(*acts: Act, marks: tuple[Mark, ...] = (), now: float = 600):
    return tier_of(acts, rule=RULE, window=WINDOW, as_of=at(now), marks=marks)


def state(*acts: Act, marks: tuple[Mark, ...] = (), opt_out: datetime | None = None) -> str:
    return outcome_of(judge(*acts, marks=marks), marks, opt_out, at(600)).state


PAY = act("pay_click", 60)


def test_lead_is_open_while_intent_shows_and_unranked_without():
    assert state(PAY) == LeadState.OPEN
    assert state(act("message", 590, "多少钱")) == LeadState.OPEN
    assert state(act("lesson", 60)) == LeadState.UNRANKED


def test_order_wins_over_a_closed_or_opted_out_lead():
    closed = Mark(LeadEventKind.CLOSED_NOT_BUYING, at(100))
    assert state(PAY, marks=(closed,)) == LeadState.NOT_BUYING
    assert state(PAY, act("order", 200), marks=(closed,)) == LeadState.WON
    assert state(PAY, act("order", 200), opt_out=at(100)) == LeadState.WON


def test_opt_out_ends_an_open_lead():
    assert state(PAY, opt_out=at(100)) == LeadState.OPTED_OUT


def test_reopened_lead_is_open_again_until_the_next_order():
    order, again = act("order", 200), Mark(LeadEventKind.REOPENED, at(300))
    assert state(PAY, order, marks=(again,)) == LeadState.OPEN
    closed = Mark(LeadEventKind.CLOSED_NOT_BUYING, at(100))
    assert state(PAY, marks=(closed, again)) == LeadState.OPEN


def test_refund_leaves_the_lead_won():
    assert state(PAY, act("order", 200), act("refund", 300)) == LeadState.WON


def test_deadline_runs_from_the_rise_of_the_tier_until_the_follow_up():
    result = judge(PAY)
    assert waiting_since(result, None) == at(60)
    assert sla_due_at(result, at(60), None, SLA) == at(90)
    assert waiting_since(result, at(70)) is None


def test_suggested_s_runs_the_ten_minutes_of_s():
    result = judge(PAY, act("message", 590, "多少钱"))
    assert waiting_since(result, at(70)) == at(590)
    assert sla_due_at(result, at(590), at(70), SLA) == at(600)


def test_confirmed_s_waits_since_the_question_not_the_confirmation():
    asked, mark = act("message", 590, "多少钱"), Mark(LeadEventKind.S_CONFIRMED, at(595))
    result = judge(asked, marks=(mark,))
    assert waiting_since(result, None) == at(590)
    assert sla_due_at(result, at(590), None, SLA) == at(600)


def test_s_lead_that_asks_again_waits_again():
    first, again = act("message", 10, "多少钱"), act("message", 500, "年课学费 优惠")
    mark = Mark(LeadEventKind.S_CONFIRMED, at(12))
    result = judge(first, again, marks=(mark,))
    assert waiting_since(result, at(20)) == at(500)


def test_first_action_asks_to_confirm_a_suggestion():
    assert first_action(judge(act("message", 590, "多少钱"))) == NextAction.CONFIRM_S
    assert first_action(judge(PAY)) == NextAction.ASK_PAYMENT


@pytest.mark.parametrize(
    ("result", "doubt", "expected"),
    [
        (FollowResult.NO_REPLY, False, (NextAction.ASK_HOW, 24)),
        (FollowResult.TALKED, False, (NextAction.ASK_HOW, 48)),
        (FollowResult.TALKED, True, (NextAction.ANSWER_DOUBT, 24)),
        (FollowResult.NEW_DOUBT, False, (NextAction.ANSWER_DOUBT, 24)),
        (FollowResult.THINKING, False, (NextAction.ASK_DOUBTS, 48)),
        (FollowResult.PAID, False, None),
        (FollowResult.NOT_BUYING, True, None),
    ],
)
def test_next_after_follow_up(result, doubt, expected):
    found = next_after(result, now=START, retry_hours=24, talk_hours=48, doubt_open=doubt)
    assert found == (expected and (expected[0], START + timedelta(hours=expected[1])))


def hour(value: int) -> datetime:
    return datetime(2026, 3, 2, value, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("inquiries", "pushes", "expected"),
    [
        ([10], [], "active"),
        ([10], [9], "stimulated"),
        ([8], [9], "active"),
        ([9], [9], "stimulated"),
        ([], [9], "stimulated"),
        ([], [], "unknown"),
        ([12], [], "unknown"),
        ([10], [12], "active"),
    ],
)
def test_order_class_of_an_order_at_eleven(inquiries, pushes, expected):
    found = order_class(
        ordered_at=hour(11), inquiries=[hour(one) for one in inquiries], pushes=[hour(one) for one in pushes]
    )
    assert found == expected
