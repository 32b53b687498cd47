"""Knowledge cards and their short tests on the phone (R126)."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from console.pages import render
from content.enums import CardState
from content.models import KnowledgeAttempt, KnowledgeCard
from content.selectors.knowledge import (
    attempt_get,
    card_list,
    facts_of,
    own_open,
    scripts_of,
    standing_of,
    today_of,
)
from content.services.knowledge_quiz import card_read, quiz_answer, quiz_start
from content.views.knowledge import parts_of
from content.views.knowledge_quiz import chosen, sheet_shown
from team.phone import PhoneView

SHOWN = 100


class CardsPage(PhoneView):
    """What I am still to know, then every card that can be looked up."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant_id = self.request.tenant.pk
        cards = card_list(tenant_id=tenant_id).filter(state=CardState.LIVE, archived_at=None)
        context = {
            "open": own_open(tenant_id=tenant_id, staff_id=self.request.staff.pk),
            "cards": cards.order_by("kind", "title")[:SHOWN],
        }
        return render(request, "content/phone_knowledge.html", context)


class _CardView(PhoneView):
    def card(self, pk: int) -> KnowledgeCard:
        """A published card. Raises Http404 for any other."""
        rows = card_list(tenant_id=self.request.tenant.pk).filter(state=CardState.LIVE, archived_at=None)
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def back(self, name: str, pk: int) -> HttpResponse:
        return HttpResponseRedirect(self.url(f"content_phone:{name}", pk=pk))


class CardPage(_CardView):
    """One card to read."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        tenant, card = self.request.tenant, self.card(pk)
        mine = standing_of(tenant_id=tenant.pk, card_id=pk, staff_id=self.request.staff.pk)
        context: dict[str, Any] = {
            "card": card, "parts": parts_of(card), "mine": mine,
            "is_known": bool(mine and mine.done_edition and mine.done_edition >= card.asked_edition),
            "is_old": bool(card.check_by and card.check_by < today_of(tenant)),
            "facts": facts_of(tenant=tenant, card=card), "scripts": scripts_of(tenant_id=tenant.pk, card=card),
        }  # fmt: skip
        return render(request, "content/phone_knowledge_card.html", context)


class ReadView(_CardView):
    """POST: I have read it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.card(pk)
        card_read(tenant=self.request.tenant, card_id=pk, staff=self.request.staff, actor=self.request.actor)
        return self.back("knowledge_card", pk)


class StartView(_CardView):
    """POST: begin the short test, or go on with it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.card(pk)
        row = quiz_start(
            tenant=self.request.tenant, card_id=pk, staff=self.request.staff, actor=self.request.actor
        )
        return self.back("knowledge_quiz", row.pk)


class QuizPage(_CardView):
    """The person's own test, and its result."""

    def own(self, pk: int) -> KnowledgeAttempt:
        """Raises Http404 for anybody else's."""
        try:
            return attempt_get(
                tenant_id=self.request.tenant.pk, attempt_id=pk, staff_id=self.request.staff.pk
            )
        except KnowledgeAttempt.DoesNotExist as error:
            raise Http404 from error

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render(request, "content/phone_knowledge_quiz.html", sheet_shown(self.own(pk)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        tenant, staff = self.request.tenant, self.request.staff
        row = self.own(pk)
        quiz_answer(
            tenant=tenant, attempt_id=pk, staff=staff, actor=self.request.actor,
            answers=chosen(request, len(row.sheet)),
        )  # fmt: skip
        return self.back("knowledge_quiz", pk)
