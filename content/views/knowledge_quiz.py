"""Reading a card and taking its short test, in the console (R126)."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, go, render, toast
from content.errors import LoginUnlinked
from content.models import KnowledgeAttempt
from content.policies.knowledge import graded
from content.selectors.knowledge import attempt_get
from content.services.knowledge_quiz import card_read, quiz_answer, quiz_start
from team.viewer import own_staff
from tenants.enums import Permission

if TYPE_CHECKING:
    from team.models import Staff


def chosen(request: HttpRequest, asked: int) -> list[int | None]:
    """The places that were ticked, None where nothing or nonsense was."""
    told = [request.POST.get(f"q{number}", "") for number in range(asked)]
    return [int(one) if one.isdecimal() and len(one) < 3 else None for one in told]


def sheet_shown(attempt: KnowledgeAttempt) -> dict[str, Any]:
    """The test as a page shows it: what is asked, and after it was handed in what was right and why."""
    answers = attempt.answers or [None] * len(attempt.sheet)
    grade = graded(attempt.sheet, answers, need_percent=attempt.need_percent)
    return {
        "attempt": attempt, "card": attempt.card, "grade": grade, "is_over": attempt.answered_at is not None,
        "lines": [
            {**one, "number": number, "chosen": answer, "is_right": answer == one["right"],
             "right_words": one["options"][one["right"]]}
            for number, (one, answer) in enumerate(zip(attempt.sheet, answers, strict=True))
        ],
    }  # fmt: skip


class _QuizView(ConsoleView):
    def staff(self) -> "Staff":
        """Raises LoginUnlinked: a result has to be somebody's."""
        found = own_staff(self.request)
        if found is None:
            raise LoginUnlinked
        return found


class CardReadView(_QuizView):
    """POST: I have read it."""

    permission = write_permission = Permission.WORK
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card_read(tenant=self.request.tenant, card_id=pk, staff=self.staff(), actor=self.request.actor)
        toast(request, _("Noted: you have read it."))
        return go(request, self.url("content:knowledge_card", pk=pk))


class QuizStartView(_QuizView):
    """POST: begin the short test, or go on with the one that was begun."""

    permission = write_permission = Permission.WORK
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = quiz_start(tenant=self.request.tenant, card_id=pk, staff=self.staff(), actor=self.request.actor)
        return go(request, self.url("content:knowledge_quiz", pk=row.pk))


class QuizPage(_QuizView):
    """The test, and its result once it was handed in. Only the person's own."""

    permission = write_permission = Permission.WORK

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        own = own_staff(request)
        row = attempt_get(tenant_id=self.request.tenant.pk, attempt_id=pk, staff_id=own.pk if own else 0)
        return render(
            request, "content/knowledge_quiz.html",
            {"title": _("Short test: %(card)s") % {"card": row.card}, **sheet_shown(row)},
        )  # fmt: skip

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        staff = self.staff()
        row = attempt_get(tenant_id=self.request.tenant.pk, attempt_id=pk, staff_id=staff.pk)
        quiz_answer(
            tenant=self.request.tenant, attempt_id=pk, staff=staff, actor=self.request.actor,
            answers=chosen(request, len(row.sheet)),
        )  # fmt: skip
        return go(request, self.url("content:knowledge_quiz", pk=pk))
