"""Tables of knowledge cards and of who knows them."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import chip, figure, moment
from content.enums import CardAsk, CardState
from content.models import KnowledgeCard, KnowledgeStanding


class CardTable(ConsoleTable):
    """Cards: what to remember, who is asked, how many of them know it, what the test is like."""

    title = tables.Column(verbose_name=pgettext_lazy("knowledge", "Card"))
    kind = tables.Column(verbose_name=_("Type"))
    asks = tables.Column(verbose_name=_("Asked of"))
    questions_n = NumberColumn(verbose_name=_("Questions"))
    done_n = NumberColumn(verbose_name=_("Know it"), attrs={"td": {"class": "q-num"}})
    asked_n = NumberColumn(verbose_name=_("Asked people"), visible=False)
    mine = tables.Column(
        verbose_name=pgettext_lazy("knowledge", "You"),
        empty_values=(),
        orderable=False,
        exclude_from_export=True,
    )
    changed_at = tables.Column(verbose_name=pgettext_lazy("when", "Changed"))

    class Meta(ConsoleTable.Meta):
        model = KnowledgeCard
        fields = ("title", "kind", "asks", "changed_at")
        sequence = ("title", "kind", "asks", "questions_n", "done_n", "asked_n", "mine", "changed_at")
        row_header = "title"
        order_by = ("-kind", "title")

    def __init__(
        self, *args: Any, tenant_slug: str, own: dict[int, KnowledgeStanding], today: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._own, self._today = tenant_slug, own, today

    def value_title(self, record: KnowledgeCard) -> str:
        return record.title

    def render_title(self, record: KnowledgeCard) -> SafeString:
        url = reverse("content:knowledge_card", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        marks = []
        if record.archived_at:
            marks.append(chip("line", gettext("Archived")))
        elif record.state == CardState.DRAFT:
            marks.append(chip("line", pgettext("card", "Draft")))
        elif record.check_by and record.check_by < self._today:
            marks.append(chip("warn", gettext("To be checked")))
        return format_html(
            '<a href="{}"><b>{}</b></a> {}<span class="d-block q-3rd q-xs">{}</span>',
            url, record.title, marks[0] if marks else "", record.summary,
        )  # fmt: skip

    def render_asks(self, record: KnowledgeCard) -> str:
        return asks_short(record.asks)

    def value_done_n(self, record: KnowledgeCard) -> int:
        return record.done_n  # type: ignore[attr-defined]

    def value_asked_n(self, record: KnowledgeCard) -> int:
        return record.asked_n  # type: ignore[attr-defined]

    def render_questions_n(self, record: KnowledgeCard) -> str:
        return figure(record.questions_n or None)  # type: ignore[attr-defined]

    def render_done_n(self, record: KnowledgeCard) -> Any:
        asked = record.asked_n  # type: ignore[attr-defined]
        if not asked:
            return "–"
        page = reverse("content:knowledge_people", kwargs={"tenant_slug": self._slug})
        said = f"{figure(record.done_n)} / {figure(asked)}"  # type: ignore[attr-defined]
        return format_html('<a href="{}?card={}">{}</a>', page, record.pk, said)

    def render_mine(self, record: KnowledgeCard) -> Any:
        return standing_chip(self._own.get(record.pk), record)

    def render_changed_at(self, record: KnowledgeCard) -> SafeString:
        return format_html(
            '<span class="text-nowrap">{}</span><span class="d-block q-3rd q-xs">{}</span>',
            moment(record.changed_at),
            record.changed_by,
        )


def asks_short(asks: str) -> str:
    return {
        CardAsk.EVERYBODY: pgettext("card", "everybody"),
        CardAsk.CAMP: pgettext("card", "camp leaders"),
        CardAsk.NOBODY: pgettext("card", "to look up"),
    }[CardAsk(asks)]


def standing_chip(row: KnowledgeStanding | None, card: KnowledgeCard) -> Any:
    """How it stands with one person and one card, in words."""
    if card.state != CardState.LIVE:
        return "–"
    if row is not None and row.done_edition and row.done_edition >= card.asked_edition:
        return chip("ok", pgettext("knowledge", "Known"))
    if row is None or not row.is_asked:
        return "–"
    return format_html(
        '{} <span class="text-nowrap q-xs q-3rd">{}</span>',
        chip("warn", pgettext("knowledge", "Not yet")), gettext("by %(at)s") % {"at": moment(row.due_at)},
    )  # fmt: skip


class KnownTable(ConsoleTable):
    """Who knows what: asked by when, tries, best result, since when known."""

    staff = tables.Column(verbose_name=_("Colleague"), accessor="staff__name")
    card = tables.Column(verbose_name=pgettext_lazy("knowledge", "Card"), accessor="card__title")
    state = tables.Column(verbose_name=_("State"), empty_values=(), orderable=False)
    due_at = tables.Column(verbose_name=pgettext_lazy("knowledge", "To know by"))
    tries = NumberColumn(verbose_name=_("Tests taken"))
    best_percent = NumberColumn(verbose_name=_("Best result, %"))
    done_at = tables.Column(verbose_name=_("Known since"))

    class Meta(ConsoleTable.Meta):
        model = KnowledgeStanding
        fields = ("due_at", "done_at")
        sequence = ("staff", "card", "state", "due_at", "tries", "best_percent", "done_at")
        row_header = "staff"
        order_by = ("staff", "card")

    def __init__(self, *args: Any, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = tenant_slug

    def value_staff(self, record: KnowledgeStanding) -> str:
        return str(record.staff)

    def render_staff(self, record: KnowledgeStanding) -> SafeString:
        url = reverse("team:profile", kwargs={"tenant_slug": self._slug, "pk": record.staff_id})
        return format_html('<a href="{}">{}</a>', url, record.staff)

    def value_card(self, record: KnowledgeStanding) -> str:
        return record.card.title

    def render_card(self, record: KnowledgeStanding) -> SafeString:
        url = reverse("content:knowledge_card", kwargs={"tenant_slug": self._slug, "pk": record.card_id})
        note = record.camp
        return format_html(
            '<a href="{}">{}</a><span class="d-block q-3rd q-xs">{}</span>', url, record.card.title, note
        )

    def value_state(self, record: KnowledgeStanding) -> str:
        known = record.done_edition and record.done_edition >= record.card.asked_edition
        if known:
            return pgettext("knowledge", "Known")
        return pgettext("knowledge", "Not yet") if record.is_asked else pgettext("knowledge", "Not asked")

    def render_state(self, record: KnowledgeStanding) -> Any:
        known = record.done_edition and record.done_edition >= record.card.asked_edition
        return chip("ok" if known else "warn" if record.is_asked else "line", self.value_state(record))

    def render_due_at(self, record: KnowledgeStanding) -> str:
        return moment(record.due_at) if record.due_at else "–"

    def render_done_at(self, record: KnowledgeStanding) -> str:
        return moment(record.done_at) if record.done_at else "–"

    def render_tries(self, record: KnowledgeStanding) -> str:
        return figure(record.tries or None)

    def render_best_percent(self, record: KnowledgeStanding) -> str:
        return figure(record.best_percent)
