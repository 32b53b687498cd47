"""Quizzes and prize questions (R88): one go each, never more winners than pieces, a draw that anybody can repeat."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import Missing, PrizeKind
from campaigns.errors import (
    CampaignFixed,
    CampaignInvalid,
    CampaignNotRunning,
    CampaignPaused,
    QuizClosed,
    QuizUnanswered,
)
from campaigns.models import Award, Campaign, Quiz, QuizEntry, QuizQuestion
from campaigns.policies.lottery import seed_hash
from campaigns.policies.quiz import drawn_order, is_whole, right_of
from campaigns.selectors.frame import missing_of
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.pages import page_path
from campaigns.selectors.quiz import code_for, quiz_of, token_of
from campaigns.services.frame import campaign_clone, campaign_set_place
from campaigns.services.life import campaign_end, campaign_pause, campaign_start
from campaigns.services.quiz import (
    QuestionWish,
    QuizWish,
    quiz_remove,
    quiz_set,
    quizzes_draw,
    tenants_with_quizzes_due,
)
from tenants import clock
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope, unscoped
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.quizzes import ASKED, RIGHT, WRONG, answers, make_quiz
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WORKERS = 30


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def test_enough_right_answers_win_while_there_are_pieces_and_each_has_one_go(
    scope: Tenant, owner: Actor
) -> None:
    played, quiz = make_quiz(
        tenant=scope, owner=owner, people=4, prizes=[("绘本", PrizeKind.GOODS, 1_800, 1)]
    )
    first, second, third, fourth = (one.pk for one in played.people)
    assert answers(scope, quiz, first, WRONG).outcome == "wrong"
    assert answers(scope, quiz, first, RIGHT).outcome == "wrong"
    assert answers(scope, quiz, second).outcome == "won"
    assert answers(scope, quiz, third).outcome == "gone"
    assert answers(scope, quiz, fourth, (1, 1)).right_count == 1
    assert [one.customer_id for one in Award.objects.all()] == [second]
    assert unbalanced(tenant_id=scope.pk) == []


@pytest.mark.parametrize("given", [(1,), (1, None), (1, 2), (-1, 0), (3, 0), (1, 0, 0), ()])
def test_what_is_no_whole_answer_is_refused_and_the_go_stays(
    scope: Tenant, owner: Actor, given: tuple
) -> None:
    played, quiz = make_quiz(tenant=scope, owner=owner)
    with pytest.raises(QuizUnanswered):
        answers(scope, quiz, played.people[0].pk, given)
    assert not QuizEntry.objects.exists()
    assert answers(scope, quiz, played.people[0].pk).outcome == "won"


def test_only_the_first_right_ones_win(scope: Tenant, owner: Actor) -> None:
    played, quiz = make_quiz(tenant=scope, owner=owner, kind="first", people=5, wish={"winners": 2})
    told = [answers(scope, quiz, one.pk, given).outcome for one, given in zip(
        played.people, (WRONG, RIGHT, RIGHT, RIGHT, WRONG), strict=True
    )]  # fmt: skip
    assert told == ["wrong", "won", "won", "gone", "wrong"]


def test_the_draw_is_made_at_its_time_by_a_seed_that_was_fixed_before_and_anybody_repeats_it(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    closes = clock.now() + timedelta(hours=5)
    played, quiz = make_quiz(
        tenant=scope, owner=owner, kind="draw", people=9, wish={"winners": 3, "closes_at": closes}
    )
    told = AuditEntry.objects.get(verb="campaigns.quiz.set").changes["seed_hash"][1]
    assert told == quiz.seed_hash == seed_hash(quiz.seed)
    for one in played.people[:7]:
        assert answers(scope, quiz, one.pk).outcome == "right"
    answers(scope, quiz, played.people[7].pk, WRONG)
    record = page_path(token_of(played.campaign), "record")
    phone = phone_of(played.group.app, external=played.people[0].external_userid)
    assert phone.get(record).json()["seed"] is None
    assert (quizzes_draw(tenant=scope), Award.objects.count()) == (0, 0)
    frozen.move(hours=5)
    with pytest.raises(QuizClosed):
        answers(scope, quiz, played.people[8].pk)
    with unscoped("the tick"):
        assert tenants_with_quizzes_due() == [scope.pk]
    assert [quizzes_draw(tenant=scope), quizzes_draw(tenant=scope)] == [1, 0]
    assert Counter(QuizEntry.objects.values_list("outcome", flat=True)) == {
        "won": 3,
        "undrawn": 4,
        "wrong": 1,
    }
    public = phone.get(record).json()
    assert seed_hash(public["seed"]) == told
    repeated = drawn_order(public["seed"], quiz_id=public["quiz"], codes=public["codes"])[: public["winners"]]
    won = {code_for(quiz, one.customer_id) for one in Award.objects.all()}
    assert set(repeated) == set(public["drawn"]) == won
    assert len(public["codes"]) == 7


def test_in_a_break_the_draw_waits_and_after_an_early_end_nobody_is_drawn(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    closes = clock.now() + timedelta(hours=5)
    played, quiz = make_quiz(tenant=scope, owner=owner, kind="draw", wish={"winners": 1, "closes_at": closes})
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    answers(scope, quiz, played.people[0].pk)
    campaign_pause(**who, is_paused=True)
    with pytest.raises(CampaignPaused):
        answers(scope, quiz, played.people[1].pk)
    frozen.move(hours=6)
    assert quizzes_draw(tenant=scope) == 0
    campaign_end(**who, reason="提前结束")
    assert quizzes_draw(tenant=scope) == 1
    assert QuizEntry.objects.get().outcome == "undrawn"
    assert not Award.objects.exists()
    with pytest.raises(CampaignNotRunning):
        answers(scope, quiz, played.people[1].pk)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["score", "first"])
def test_two_hundred_right_answers_at_once_sent_twice_give_exactly_the_pieces(
    tenant: Tenant, owner: Actor, kind: str
) -> None:
    pieces = 10 if kind == "score" else 40
    with tenant_scope(tenant):
        _played, quiz = make_quiz(
            tenant=tenant,
            owner=owner,
            kind=kind,
            prizes=[("绘本", PrizeKind.GOODS, 100, pieces)],
            wish={"winners": 10},
        )
        crowd = [one.pk for one in make_customers(tenant=tenant, count=200)]
    twice = [*crowd, *crowd[5:], *crowd[:5]]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            for person in twice[number::WORKERS]:
                answers(tenant, quiz, person)

    in_parallel(WORKERS, work)
    with tenant_scope(tenant):
        assert Counter(QuizEntry.objects.values_list("outcome", flat=True)) == {"won": 10, "gone": 190}
        assert Award.objects.count() == 10
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.parametrize(
    "wish",
    [
        {"needed": 0}, {"needed": 3}, {"winners": 0}, {"kind": "draw"}, {"questions": ()}, {"prize_id": 0},
        {"questions": (QuestionWish(text="?", options=("一",), right=0),)},
        {"questions": (QuestionWish(text="?", options=("一", "一"), right=0),), "needed": 1},
        {"questions": (QuestionWish(text="?", options=("一", "二"), right=2),), "needed": 1},
        {"questions": (QuestionWish(text=" ", options=("一", "二"), right=1),), "needed": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(scope: Tenant, owner: Actor, wish: dict[str, Any]) -> None:
    played, _quiz = make_quiz(tenant=scope, owner=owner, is_started=False)
    whole = {"kind": "score", "prize_id": played.prizes[0].pk, "needed": 2, "questions": ASKED, **wish}
    with pytest.raises(CampaignInvalid):
        quiz_set(tenant=scope, campaign_id=played.campaign.pk, wish=QuizWish(**whole), actor=owner)
    assert QuizQuestion.objects.count() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "update campaigns_quiz set needed = 1", "update campaigns_quiz set seed_hash = repeat('a', 64)",
        "delete from campaigns_quizquestion", "update campaigns_quizquestion set \"right\" = 0",
        "insert into campaigns_quizquestion (tenant_id, quiz_id, position, text, options, \"right\", explanation) "
        "select tenant_id, id, 9, '?', '[]', 0, '' from campaigns_quiz",
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_asked(scope: Tenant, owner: Actor, statement: str) -> None:
    make_quiz(tenant=scope, owner=owner)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_started_one_is_fixed_a_copy_asks_the_same_and_a_draw_lies_within_the_campaign(
    scope: Tenant, owner: Actor
) -> None:
    closes = clock.now() + timedelta(days=2)
    played, quiz = make_quiz(tenant=scope, owner=owner, kind="draw", wish={"closes_at": closes})
    with pytest.raises(CampaignFixed):
        quiz_remove(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    draft = campaign_clone(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    copy = quiz_of(campaign=draft)
    assert copy is not None
    assert copy.seed_hash != quiz.seed_hash
    assert list(QuizQuestion.objects.filter(quiz=copy).values_list("text", flat=True)) == [
        one.text for one in ASKED
    ]
    later = {"starts_at": clock.now() + timedelta(days=3), "ends_at": clock.now() + timedelta(days=9)}
    campaign_set_place(tenant=scope, campaign_id=draft.pk, group_ids=[played.group.pk], actor=owner, **later)
    assert Missing.QUIZ in missing_of(campaign=Campaign.objects.get(pk=draft.pk))


def test_a_member_answers_on_the_phone_once_and_reads_why(
    scope: Tenant, owner: Actor, django_assert_max_num_queries: Any
) -> None:
    played, _quiz = make_quiz(tenant=scope, owner=owner)
    home = page_path(token_of(played.campaign))
    phone = phone_of(played.group.app, external=played.people[0].external_userid)
    with django_assert_max_num_queries(18):
        page = phone.get(home).content.decode()
    assert "每天读多久最好？" in page
    assert "20 分钟正好不累" not in page
    half = phone.post(home, {"answer_1": "0"})
    assert (half.status_code, "每题都要选" in half.content.decode()) == (422, True)
    assert " checked" in half.content.decode()
    assert phone.post(home, {"answer_1": "99999", "answer_2": "😀"}).status_code == 422
    sent = phone.post(home, {"answer_1": "1", "answer_2": "0"})
    assert (sent.status_code, sent["Location"]) == (302, home)
    after = phone.get(home).content.decode()
    assert "你得到了：分级绘本一本" in after
    assert "20 分钟正好不累" in after
    assert 'type="radio"' not in after
    assert phone.post(home, {"answer_1": "0", "answer_2": "0"}).status_code == 302
    assert QuizEntry.objects.get().right_count == 2
    for who in ({"staff": "linxiao"}, {"external": "wm-unknown"}, {"external": "", "agent": "curl"}):
        assert (
            phone_of(played.group.app, **who).post(home, {"answer_1": "1", "answer_2": "0"}).status_code
            == 409
        )
    assert QuizEntry.objects.count() == 1


def test_right_answers_are_kept_back_while_others_can_win_by_them(scope: Tenant, owner: Actor) -> None:
    played, quiz = make_quiz(tenant=scope, owner=owner, kind="first", wish={"winners": 2})
    home = page_path(token_of(played.campaign))
    first, second = played.people[:2]
    phone = phone_of(played.group.app, external=first.external_userid)
    answers(scope, quiz, first.pk)
    assert "20 分钟正好不累" not in phone.get(home).content.decode()
    answers(scope, quiz, second.pk)
    assert "20 分钟正好不累" in phone.get(home).content.decode()


def test_an_operator_writes_questions_and_sees_who_answered(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played, _quiz = make_quiz(tenant=scope, owner=owner, is_started=False)

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    assert url("quiz") in client.get(url("step", step="play")).text
    assert "*20 分钟" in client.get(url("quiz")).text
    form = {
        "kind": "first", "prize": played.prizes[0].pk, "needed": "1", "winners": "60",
        "text_1": "下午茶🍵？", "options_1": "红茶\n绿茶", "why_1": "",
    }  # fmt: skip
    refused = client.post(url("quiz"), form)
    assert refused.status_code == 422
    assert "只有 50 份" in refused.text
    assert "正确的那行前面加 *" in refused.text
    assert client.post(url("quiz"), {**form, "winners": "5", "options_1": "*红茶\n*绿茶"}).status_code == 422
    assert client.post(url("quiz"), {**form, "winners": "5", "options_1": "*红茶\n绿茶"}).status_code == 302
    assert QuizQuestion.objects.get().options == ["红茶", "绿茶"]
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    answers(scope, Quiz.objects.get(), played.people[0].pk, (0,))
    answers(scope, Quiz.objects.get(), played.people[1].pk, (1,))
    page = client.get(url("quiz")).text
    assert "豆豆妈妈" in page
    assert "下午茶🍵？" in page
    rows = client.get(url("answers"), {"outcome": "wrong"}).text
    assert "豆豆妈妈" not in rows
    assert str(played.people[1]) in rows


@given(pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=10))
def test_as_many_are_right_as_agree(pairs: list[tuple[int, int]]) -> None:
    given_, rights = [one for one, _right in pairs], [right for _one, right in pairs]
    assert right_of(given_, rights) == sum(one == right for one, right in pairs)
    assert is_whole(given_, [6] * len(pairs))
    assert not pairs or not is_whole([None, *given_[1:]], [6] * len(pairs))


@given(
    codes=st.lists(st.text("0123456789abcdef", min_size=1, max_size=16), max_size=30),
    seed=st.binary(min_size=32, max_size=32),
)
def test_the_order_of_a_draw_follows_from_seed_and_codes_alone(codes: list[str], seed: bytes) -> None:
    order = drawn_order(seed.hex(), quiz_id=7, codes=codes)
    assert sorted(order) == sorted(set(codes))
    assert drawn_order(seed.hex(), quiz_id=7, codes=reversed(codes)) == order
