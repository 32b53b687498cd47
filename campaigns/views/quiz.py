"""The quiz of a campaign: set up while it is a draft, watched while it runs, with everybody who answered."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from campaigns.enums import CampaignState
from campaigns.enums.quiz import QUESTIONS_MOST
from campaigns.filters import QuizEntryFilter
from campaigns.forms.quiz import RIGHT, QuizForm
from campaigns.models import QuizEntry, QuizQuestion
from campaigns.policies.pictures import code_uri
from campaigns.selectors.frame import prize_list
from campaigns.selectors.pages import page_url
from campaigns.selectors.quiz import (
    QuizFigures,
    entry_list,
    figures_of_quiz,
    questions_of,
    quiz_of,
    quiz_token,
)
from campaigns.services.quiz import quiz_remove, quiz_set
from campaigns.tables.quiz import QuizEntryTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, go, toast
from console.templatetags.q import figure
from tenants import clock
from tenants.enums import Permission

LATEST = 8
SLOTS_FIRST, SLOTS_SPARE = 3, 2


class QuizPage(FormPage):
    """Of a draft the form; of a started one who answered and what came of it."""

    template_name = "campaigns/quiz.html"
    form_class = QuizForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Quiz")

    def _questions(self, pk: int) -> list[QuizQuestion]:
        quiz = quiz_of(campaign=campaign_of(self.request, pk))
        return questions_of(quiz=quiz) if quiz else []

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        known = len(self._questions(campaign.pk))
        return {
            "campaign": campaign, "slots": min(max(SLOTS_FIRST, known + SLOTS_SPARE), QUESTIONS_MOST),
            "prizes": prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk),
        }  # fmt: skip

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        quiz = quiz_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if quiz is None:
            return {}
        given: dict[str, Any] = {
            "kind": quiz.kind, "prize": quiz.prize_id, "needed": quiz.needed, "winners": quiz.winners,
            "closes_at": quiz.closes_at,
        }  # fmt: skip
        for number, one in enumerate(questions_of(quiz=quiz), start=1):
            lines = [
                f"{RIGHT}{option}" if place == one.right else option
                for place, option in enumerate(one.options)
            ]
            given |= {
                f"text_{number}": one.text, f"options_{number}": "\n".join(lines), f"why_{number}": one.explanation,
            }  # fmt: skip
        return given

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        quiz = quiz_of(campaign=campaign)
        context = {**head(self.request, campaign, "quiz"), "quiz": quiz}
        if quiz is None or campaign.state == CampaignState.DRAFT:
            prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)
            return {**context, "has_prizes": bool(prizes)}
        figures, url = figures_of_quiz(quiz=quiz), page_url(quiz_token(campaign=campaign, quiz=quiz))
        return {
            **context, "figures": figures, "stats": self._stats(figures, campaign.pk), "page_url": url,
            "page_code": code_uri(url), "latest": entry_list(quiz=quiz)[:LATEST], "questions": questions_of(quiz=quiz),
        }  # fmt: skip

    def _stats(self, figures: QuizFigures, pk: int) -> list[dict[str, Any]]:
        at, answers = clock.now(), self.url("campaigns:answers", pk=pk)
        told = [
            (_("People who answered"), figures.people, "", _("Each person has one go.")),
            (_("Enough right"), figures.right, "?outcome=won&outcome=right&outcome=gone&outcome=undrawn",
             _("People with as many right answers as are needed.")),
            (pgettext("quiz", "Won"), figures.won, "?outcome=won", _("Of them, who got the prize.")),
            (pgettext("quiz", "Right, but none was left"), figures.gone, "?outcome=gone",
             _("They came after the last piece, or the budget was used up.")),
        ]  # fmt: skip
        source = _("Answers")
        return [
            {
                "label": label, "value": figure(value), "unit": "", "url": answers + query, "source": source,
                "people": _("Show them"), "against": "",
                "metric": {"label": label, "definition": definition, "source": source, "freshness": at},
            }
            for label, value, query, definition in told
        ]  # fmt: skip

    def done(self, form: QuizForm, **kwargs: Any) -> HttpResponse:
        quiz_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved. Add more questions below, or go on."))
        return go(self.request, self.url("campaigns:quiz", pk=kwargs["pk"]))


class QuizRemoveView(ConsoleView):
    """POST: take the quiz out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        quiz_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class AnswersPage(ListPage):
    """Everybody who answered."""

    template_name = "campaigns/answers.html"
    table_class = QuizEntryTable
    filterset_class = QuizEntryFilter
    key = "campaigns.answers"
    title = gettext_lazy("Answers")

    def queryset(self) -> QuerySet[QuizEntry]:
        quiz = quiz_of(campaign=campaign_of(self.request, self.kwargs["pk"]))
        return entry_list(quiz=quiz) if quiz else QuizEntry.objects.none()

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "quiz")
