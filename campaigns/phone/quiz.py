"""A quiz or a prize question on a member's phone (R88): answer once, see what is right and what it brings."""

from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from campaigns.enums import Phase, PlayKind
from campaigns.enums.quiz import QuizKind, QuizOutcome
from campaigns.models import Campaign, Quiz, QuizEntry
from campaigns.phone.base import PlayPage
from campaigns.selectors.ledger import pieces_left
from campaigns.selectors.pages import prizes_of
from campaigns.selectors.quiz import (
    code_for,
    draw_record,
    entry_of,
    questions_of,
    quiz_get,
    won_count,
)
from campaigns.services.quiz import quiz_answer
from tenants import clock
from tenants.errors import DomainError


class QuizPage(PlayPage):
    """The questions as one form; after it the answers with their explanation, once telling them helps nobody."""

    kind = PlayKind.QUIZ
    template_name = "campaigns/h5/quiz.html"
    parts: ClassVar[dict[str, str]] = {**PlayPage.parts, "record": "give_record"}

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = quiz_get(tenant_id=tenant_id, quiz_id=row_id)
        return found.campaign if found else None

    @cached_property
    def quiz(self) -> Quiz:
        found = quiz_get(tenant_id=self.visit.tenant.pk, quiz_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def person_id(self) -> int:
        """Whose go it is: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    def notices(self) -> list[Any]:
        return [*super().notices(), _("Each person has one go.")]

    def context(self) -> dict[str, Any]:
        quiz, customer = self.quiz, self.visit.customer
        entry = entry_of(quiz=quiz, person_id=self.person_id) if self.person_id else None
        is_closed = quiz.closes_at is not None and quiz.closes_at <= clock.now()
        left = pieces_left(tenant_id=quiz.tenant_id, prizes=[quiz.prize])[quiz.prize.pk] if quiz.prize else 0
        return {
            "quiz": quiz, "entry": entry, "outcome": entry.outcome if entry else "", "left": left,
            "lines": self._lines(entry), "is_told": self._is_told(entry), "is_closed": is_closed,
            "may_answer": entry is None and self.why_not is None and not is_closed,
            "is_draw": quiz.kind == QuizKind.DRAW, "is_first": quiz.kind == QuizKind.FIRST,
            "code": code_for(quiz, self.person_id) if entry and quiz.kind == QuizKind.DRAW else "",
            "record_url": f"{self.home}record/" if quiz.kind == QuizKind.DRAW else "",
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
        }  # fmt: skip

    def _is_told(self, entry: QuizEntry | None) -> bool:
        """Whether the right answers may be shown: where others could still win by them, they are kept back."""
        quiz = self.quiz
        if entry is None:
            return False
        if self.phase == Phase.ENDED or quiz.kind == QuizKind.SCORE:
            return True
        if quiz.kind == QuizKind.DRAW:
            return quiz.drawn_at is not None
        return won_count(quiz=quiz) >= quiz.winners

    def _lines(self, entry: QuizEntry | None) -> list[dict[str, Any]]:
        """Each question with its options: {"row", "name", "options": [{"place", "text", "mine", "right"}]}."""
        answers = entry.answers if entry else []
        return [
            {
                "row": one, "name": f"answer_{one.position}",
                "options": [
                    {
                        "place": place, "text": text, "right": place == one.right,
                        "mine": number < len(answers) and answers[number] == place,
                    }
                    for place, text in enumerate(one.options)
                ],
            }
            for number, one in enumerate(questions_of(quiz=self.quiz))
        ]  # fmt: skip

    def post(self) -> HttpResponse:
        """The one go. Sent twice, or from two tabs, the first counts."""
        raw = self.visit.request.POST
        told = [raw.get(f"answer_{one.position}", "") for one in questions_of(quiz=self.quiz)]
        answers = [int(one) if one.isascii() and one.isdecimal() and len(one) < 3 else None for one in told]
        try:
            quiz_answer(tenant=self.visit.tenant, quiz=self.quiz, person_id=self.person_id, answers=answers)
        except DomainError as error:
            context = {**self.context(), "refused": error.message, "given": told}
            return self.answer(self.template_name, context, status=error.status)
        return self.go()

    def give_record(self) -> HttpResponse:
        """The public record of the draw: fingerprint before, seed and codes after."""
        made = JsonResponse(draw_record(quiz=self.quiz))
        made["Cache-Control"] = "public, max-age=30"
        return made

    def outcome_words(self) -> str:
        """What came of the visitor's go, in a sentence."""
        entry = entry_of(quiz=self.quiz, person_id=self.person_id) if self.person_id else None
        said = {
            QuizOutcome.WON: _("You won: %(name)s") % {"name": self.quiz.prize},
            QuizOutcome.RIGHT: _("Enough right. Now the draw decides."),
            QuizOutcome.GONE: _("Enough right, but all pieces were given out before."),
            QuizOutcome.UNDRAWN: _("Enough right, but you were not drawn."),
            QuizOutcome.WRONG: _("Not enough right this time. Thank you for playing."),
        }
        return said[QuizOutcome(entry.outcome)] if entry else ""
