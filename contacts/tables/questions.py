"""The table of questions."""

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import chip, duration_s, moment
from contacts.models import Question
from contacts.policies.worktime import WorkTime
from tenants import clock

HIDDEN = "•"


class QuestionTable(ConsoleTable):
    """Who asked what, where, and how long the answer took."""

    asked_at = tables.Column(verbose_name=pgettext_lazy("questions", "Asked"))
    customer = tables.Column(verbose_name=_("Customer"), empty_values=(), orderable=False)
    words = tables.Column(verbose_name=_("Question"), empty_values=(), orderable=False)
    place = tables.Column(verbose_name=_("Where"), empty_values=(), orderable=False)
    staff = tables.Column(verbose_name=_("Colleague"), empty_values=(), orderable=False)
    reply = NumberColumn(verbose_name=_("First reply after"), empty_values=())
    reply_work = NumberColumn(verbose_name=_("in working hours"), empty_values=(), orderable=False)
    resolve = NumberColumn(verbose_name=_("Resolved after"), empty_values=())
    state = tables.Column(verbose_name=_("State"), empty_values=(), orderable=False)

    class Meta(ConsoleTable.Meta):
        model = Question
        fields = (
            "asked_at", "customer", "words", "place", "staff", "reply", "reply_work", "resolve", "state",
        )  # fmt: skip
        row_header = "words"

    def __init__(
        self, *args: Any, tenant: Any, hours: WorkTime, may_see: bool, texts: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._tenant, self._hours, self._may_see, self._read = tenant, hours, may_see, texts
        self._texts: Mapping[int, str] | None = None

    def _words(self, record: Question) -> str:
        """Read for all rows of the page at once."""
        if self._texts is None:
            rows = self.paginated_rows if hasattr(self, "page") else self.rows
            self._texts = self._read([row.record.message_id for row in rows])
        return self._texts.get(record.message_id, "")

    def _url(self, name: str, **kwargs: Any) -> str:
        return reverse(name, kwargs={"tenant_slug": self._tenant.slug, **kwargs})

    def render_asked_at(self, value: Any) -> str:
        return moment(value)

    def value_customer(self, record: Question) -> str:
        name = record.customer.name if record.customer else ""
        if not name:
            return gettext("Someone in the group") if record.group_id else gettext("No name known")
        return name if self._may_see else name[:1] + HIDDEN * 2

    def render_customer(self, record: Question) -> SafeString | str:
        if record.customer is None or not self._may_see:
            return self.value_customer(record)
        url = self._url("contacts:detail", pk=record.customer_id)
        return format_html('<a class="q-link" href="{}">{}</a>', url, self.value_customer(record))

    def value_words(self, record: Question) -> str:
        return self._words(record) if self._may_see else ""

    def render_words(self, record: Question) -> SafeString:
        said = self.value_words(record)
        shown = said[:60] + ("…" if len(said) > 60 else "")
        words = shown or (gettext("Words not kept") if self._may_see else gettext("See the question"))
        return format_html(
            '<a class="q-link" href="{}">{}</a>', self._url("contacts:question", pk=record.pk), words
        )

    def value_place(self, record: Question) -> str:
        if record.is_private:
            return pgettext("conversation", "In private")
        return str(record.group) if record.group else gettext("A chat that is no group here")

    def render_place(self, record: Question) -> SafeString | str:
        if record.group is None:
            return self.value_place(record)
        url = self._url("groups:detail", pk=record.group_id)
        return format_html('<a class="q-link" href="{}?tab=chat">{}</a>', url, record.group)

    def value_staff(self, record: Question) -> str:
        owner = record.group.owner if record.group else None
        return str(record.replied_by or record.staff or owner or "")

    def render_staff(self, record: Question) -> str:
        return self.value_staff(record) or "–"

    def value_reply(self, record: Question) -> int | None:
        return (
            None if record.replied_at is None else int((record.replied_at - record.asked_at).total_seconds())
        )

    def render_reply(self, record: Question) -> str:
        return duration_s(self.value_reply(record))

    def value_reply_work(self, record: Question) -> int | None:
        return None if record.replied_at is None else self._hours.seconds(record.asked_at, record.replied_at)

    def render_reply_work(self, record: Question) -> str:
        return duration_s(self.value_reply_work(record))

    def value_resolve(self, record: Question) -> int | None:
        return (
            None
            if record.resolved_at is None
            else int((record.resolved_at - record.asked_at).total_seconds())
        )

    def render_resolve(self, record: Question) -> str:
        return duration_s(self.value_resolve(record))

    def value_state(self, record: Question) -> str:
        return str(standing(record)[1])

    def render_state(self, record: Question) -> SafeString:
        return chip(*standing(record))


def standing(record: Question) -> tuple[str, Any]:
    """How a question stands: the tone of its chip, and the words."""
    if record.closed_at is not None:
        return "", record.get_closed_as_display()
    if record.resolved_at is not None:
        return "ok", pgettext("question", "Resolved")
    if record.replied_at is not None:
        return "warn", pgettext("question", "Asked again")
    if record.unknown_by:
        return "bad", pgettext("question", "Nobody knew: with the lead")
    if record.escalated_at is not None:
        return "bad", pgettext("question", "With the lead")
    if record.due_at is not None and record.due_at < clock.now():
        return "warn", pgettext("question", "Waits too long")
    return "", pgettext("question", "Waits for an answer")
