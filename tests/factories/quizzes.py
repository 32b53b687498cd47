"""Campaigns with a quiz."""

from typing import Any

from campaigns.enums import PrizeKind
from campaigns.models import Quiz, QuizEntry
from campaigns.services.life import campaign_start
from campaigns.services.quiz import QuestionWish, QuizWish, quiz_answer, quiz_set
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign

BOOK = [("分级绘本一本", PrizeKind.GOODS, 1_800, 50)]
ASKED = (
    QuestionWish(
        text="每天读多久最好？",
        options=("5 分钟", "20 分钟", "2 小时"),
        right=1,
        explanation="20 分钟正好不累。",
    ),
    QuestionWish(text="先听还是先读？", options=("先听", "先读"), right=0, explanation="先听，再跟读。"),
)
RIGHT, WRONG = (1, 0), (0, 1)


def make_quiz(
    *, tenant: Tenant, owner: Actor, kind: str = "score", is_started: bool = True, wish: dict[str, Any] | None = None,
    **fields: Any,
) -> tuple[Played, Quiz]:  # fmt: skip
    """A campaign with two questions, both of which have to be right; running unless told otherwise."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **{"prizes": BOOK, **fields})
    given = {"prize_id": played.prizes[0].pk, "needed": 2, "questions": ASKED, **(wish or {})}
    made = quiz_set(
        tenant=tenant, campaign_id=played.campaign.pk, wish=QuizWish(kind=kind, **given), actor=owner
    )
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, made


def answers(tenant: Tenant, quiz: Quiz, person_id: int, given: tuple[int, ...] = RIGHT) -> QuizEntry:
    """One go by what the quiz is now."""
    fresh = Quiz.objects.select_related("campaign", "prize").get(pk=quiz.pk)
    return quiz_answer(tenant=tenant, quiz=fresh, person_id=person_id, answers=given)
