"""Knowledge cards in the console: the list, one card, writing it and its questions (R126)."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, toast
from content.enums import SECTIONS, CardKind, CardState
from content.filters.knowledge import CardFilter, KnownFilter
from content.forms.knowledge import CardForm, PublishForm, QuestionForm
from content.models import KnowledgeCard, KnowledgeStanding
from content.selectors.knowledge import (
    card_get,
    card_list,
    choices_of,
    competitors_without_card,
    facts_of,
    own_open,
    question_get,
    questions_of,
    scripts_of,
    standing_of,
    standings,
    to_check,
    today_of,
)
from content.selectors.knowledge_builtin import builtin_list
from content.services.knowledge import (
    builtin_add,
    card_archive,
    card_publish,
    card_save,
    lacks,
    question_remove,
    question_save,
)
from content.tables.knowledge import CardTable, KnownTable, asks_short
from team.viewer import own_staff
from tenants.enums import Permission

RAIL_ROWS = 6


class KnowledgePage(ListPage):
    """All cards, with what the visitor is still to know beside them."""

    template_name = "content/knowledge.html"
    table_class = CardTable
    filterset_class = CardFilter
    key = "content.knowledge"
    title = gettext_lazy("Knowledge cards")
    purpose = gettext_lazy(
        "What everybody who sells must know of products, situations and competitors, each with a short test."
    )

    @cached_property
    def own_id(self) -> int:
        own = own_staff(self.request)
        return own.pk if own else 0

    def queryset(self) -> QuerySet[KnowledgeCard]:
        return card_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        tenant = self.request.tenant
        mine = standings(tenant_id=tenant.pk).filter(staff_id=self.own_id) if self.own_id else []
        return {
            "tenant_slug": tenant.slug, "own": {row.card_id: row for row in mine}, "today": today_of(tenant)
        }  # fmt: skip

    def context(self) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        codes = set(self.queryset().exclude(builtin="").values_list("builtin", flat=True))
        can_write = self.can(Permission.OPERATE)
        return {
            "total": card_list(tenant_id=tenant_id).count(),
            "open": own_open(tenant_id=tenant_id, staff_id=self.own_id) if self.own_id else [],
            "is_linked": bool(self.own_id),
            "kinds": CardKind.choices,
            "can_write": can_write,
            "builtin_left": sum(1 for one in builtin_list(language="zh") if one.code not in codes),
            "to_check": list(to_check(tenant_id=tenant_id, today=today_of(self.request.tenant))[:RAIL_ROWS]),
            "competitors": competitors_without_card(tenant_id=tenant_id)[:RAIL_ROWS] if can_write else [],
        }


class KnowledgePeoplePage(ListPage):
    """Who knows what. `?card=` and `?staff=` narrow it."""

    template_name = "content/knowledge_people.html"
    table_class = KnownTable
    filterset_class = KnownFilter
    key = "content.known"
    title = gettext_lazy("Who knows what")
    purpose = gettext_lazy(
        "Who has read which card and passed its test. It shows what to explain again; it is no label for pay."
    )

    def queryset(self) -> QuerySet[KnowledgeStanding]:
        return standings(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug}


def parts_of(card: KnowledgeCard) -> list[tuple[str, Any, str]]:
    """(key, heading, words) of the parts that are written, in their order."""
    return [
        (key, label, card.sections[key])
        for key, label, _hint in SECTIONS[card.kind]
        if card.sections.get(key)
    ]


class CardPage(TemplatePage):
    """One card to read, with its test and how the visitor stands; its questions for who writes it."""

    template_name = "content/knowledge_card.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, card = self.request.tenant, card_get(tenant_id=self.request.tenant.pk, card_id=kwargs["pk"])
        own, can_write = own_staff(self.request), self.can(Permission.OPERATE)
        if card.state == CardState.DRAFT and not can_write:
            raise Http404
        mine = standing_of(tenant_id=tenant.pk, card_id=card.pk, staff_id=own.pk) if own else None
        return {
            "title": card.title, "card": card, "parts": parts_of(card), "own": own, "mine": mine,
            "is_known": bool(mine and mine.done_edition and mine.done_edition >= card.asked_edition),
            "is_live": card.state == CardState.LIVE and card.archived_at is None,
            "is_old": bool(card.check_by and card.check_by < today_of(tenant)),
            "asks": asks_short(card.asks), "can_write": can_write,
            "facts": facts_of(tenant=tenant, card=card), "scripts": scripts_of(tenant_id=tenant.pk, card=card),
            "questions": questions_of(tenant_id=tenant.pk, card_id=card.pk) if can_write else [],
            "lacks": lacks(card, card.questions_n) if card.state == CardState.DRAFT else "",  # type: ignore[attr-defined]
        }  # fmt: skip


class CardNewPage(FormPage):
    """A new card: `?kind=`, and `?words=` of a competitor that customers named."""

    template_name = "content/knowledge_form.html"
    form_class = CardForm
    permission = write_permission = Permission.OPERATE

    def card(self, **kwargs: Any) -> KnowledgeCard | None:
        return None

    def kind(self, **kwargs: Any) -> str:
        asked = self.request.GET.get("kind", "")
        return asked if asked in CardKind.values else CardKind.PRODUCT.value

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"kind": self.kind(**kwargs), "choices": choices_of(tenant_id=self.request.tenant.pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        words = self.request.GET.get("words", "").strip()[:64]
        return {"title": words, "aliases": words}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        kind = self.kind(**kwargs)
        return {
            "title": _("New card: %(kind)s") % {"kind": CardKind(kind).label}, "kinds": CardKind.choices,
            "kind": kind, "card": None, "back_url": self.url("content:knowledge"),
        }  # fmt: skip

    def done(self, form: CardForm, **kwargs: Any) -> HttpResponse:
        row = card_save(
            tenant=self.request.tenant, actor=self.request.actor, card_id=kwargs.get("pk"),
            kind=self.kind(**kwargs), **form.told,
        )  # fmt: skip
        toast(self.request, _("Saved: %(name)s") % {"name": row})
        return go(self.request, self.url("content:knowledge_card", pk=row.pk))


class CardEditPage(CardNewPage):
    """Change a card. Its kind stays."""

    def kind(self, **kwargs: Any) -> str:
        return card_get(tenant_id=self.request.tenant.pk, card_id=kwargs["pk"]).kind

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = card_get(tenant_id=self.request.tenant.pk, card_id=kwargs["pk"])
        names = ("title", "summary", "facts", "scripts", "sku_code", "aliases", "asks", "check_by")
        parts = {f"part_{key}": words for key, words in row.sections.items()}
        return {**{name: getattr(row, name) for name in names}, **parts}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = card_get(tenant_id=self.request.tenant.pk, card_id=kwargs["pk"])
        return {
            "title": _("Edit: %(name)s") % {"name": row}, "card": row, "kind": row.kind,
            "back_url": self.url("content:knowledge_card", pk=row.pk),
        }  # fmt: skip


class CardPublishPage(FormPage):
    """A drawer: put a card in force, and say whether everybody is asked again."""

    template_name = "content/knowledge_publish.html"
    form_class = PublishForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        card = card_get(tenant_id=self.request.tenant.pk, card_id=kwargs["pk"])
        return {"here": self.request.path, "card": card}

    def done(self, form: PublishForm, **kwargs: Any) -> HttpResponse:
        row = card_publish(
            tenant=self.request.tenant, actor=self.request.actor, card_id=kwargs["pk"],
            again=form.cleaned_data["again"],
        )  # fmt: skip
        toast(self.request, _("Published: %(name)s. Whoever is asked finds it on Today.") % {"name": row})
        return drawer_done(self.request)


class CardActView(ConsoleView):
    """POST: put a card away, or take it back."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        if verb not in ("archive", "restore"):
            raise Http404
        row = card_archive(
            tenant=self.request.tenant, card_id=pk, is_archived=verb == "archive", actor=self.request.actor
        )
        back = self.url("content:knowledge_act", pk=pk, verb="restore" if verb == "archive" else "archive")
        said = _("Archived: %(name)s") if row.archived_at else _("In use again: %(name)s")
        toast(request, said % {"name": row}, back)
        return go(request, self.url("content:knowledge_card", pk=pk))


class BuiltinAddView(ConsoleView):
    """POST: the built-in cards that are not there yet, as drafts."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        added = builtin_add(
            tenant=self.request.tenant, actor=self.request.actor, language=get_language() or "zh-hans"
        )
        said = ngettext("%(n)s card added as a draft", "%(n)s cards added as drafts", added)
        toast(request, said % {"n": added})
        return go(request, self.url("content:knowledge") + "?state=draft")


class QuestionNewPage(FormPage):
    """A drawer: a new question of a card's test."""

    template_name = "content/knowledge_question.html"
    form_class = QuestionForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        card_get(tenant_id=self.request.tenant.pk, card_id=kwargs["pk"])
        return {"here": self.request.path, "row": None}

    def save(self, form: QuestionForm, **kwargs: Any) -> None:
        question_save(tenant=self.request.tenant, card_id=kwargs["pk"], actor=self.request.actor, **form.told)

    def done(self, form: QuestionForm, **kwargs: Any) -> HttpResponse:
        self.save(form, **kwargs)
        toast(self.request, _("The question is saved."))
        return drawer_done(self.request)


class QuestionPage(QuestionNewPage):
    """A drawer: change a question."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = question_get(tenant_id=self.request.tenant.pk, question_id=kwargs["pk"])
        options = {f"option_{number}": words for number, words in enumerate(row.options, 1)}
        return {"text": row.text, "why": row.why, "answer": row.answer + 1, **options}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = question_get(tenant_id=self.request.tenant.pk, question_id=kwargs["pk"])
        return {"here": self.request.path, "row": row}

    def save(self, form: QuestionForm, **kwargs: Any) -> None:
        row = question_get(tenant_id=self.request.tenant.pk, question_id=kwargs["pk"])
        question_save(
            tenant=self.request.tenant, card_id=row.card_id, question_id=row.pk, actor=self.request.actor,
            **form.told,
        )  # fmt: skip


class QuestionRemoveView(ConsoleView):
    """POST: take a question out of the test."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = question_remove(tenant=self.request.tenant, question_id=pk, actor=self.request.actor)
        toast(request, _("The question is out of the test. Tests that were taken keep it."))
        return go(request, self.url("content:knowledge_card", pk=card.pk))
