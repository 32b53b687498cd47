"""The lines of a file and what each will do."""

from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import moment, money
from contacts.enums import Verdict
from contacts.models import Sheet, SheetRow
from contacts.policies.masking import masked_phone
from contacts.selectors.sheets import change_words, fault_column

_TONES = {Verdict.NEW: "is-ok", Verdict.CHANGE: "is-info", Verdict.FAULT: "is-bad"}


class SheetRowTable(ConsoleTable):
    """Line, who, verdict, and what changes from what."""

    line = NumberColumn(verbose_name=_("Line"))
    who = tables.Column(verbose_name=pgettext_lazy("line of a file", "Who"), empty_values=(), orderable=False)
    verdict = tables.Column(verbose_name=_("Will be"))
    what = tables.Column(verbose_name=_("What it does"), empty_values=(), orderable=False)

    class Meta(ConsoleTable.Meta):
        model = SheetRow
        fields = ("line", "who", "verdict", "what")
        row_header = "line"
        empty_text = _("No lines here.")

    def __init__(self, *args: Any, sheet: Sheet, tenant_slug: str, may_see: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sheet, self._slug, self._may_see = sheet, tenant_slug, may_see

    def value_who(self, record: SheetRow) -> str:
        if record.customer:
            return record.customer.name or record.customer.external_userid
        told = record.told
        phone = masked_phone(told.get("phone", ""), may_see=self._may_see)
        return str(
            told.get("code")
            or told.get("name")
            or told.get("external_userid")
            or told.get("unionid")
            or phone
        )

    def render_who(self, record: SheetRow) -> str | SafeString:
        words = self.value_who(record)
        if record.customer is None:
            return words or "–"
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, words)

    def value_verdict(self, record: SheetRow) -> str:
        return str(Verdict(record.verdict).label)

    def render_verdict(self, record: SheetRow) -> SafeString:
        label = gettext("Taken back") if record.undone_at else Verdict(record.verdict).label
        tone = "" if record.undone_at else _TONES.get(Verdict(record.verdict), "")
        return format_html('<span class="q-tag {}">{}</span>', tone, label)

    def value_what(self, record: SheetRow) -> str:
        told = [f"{label}: {before} → {after}" for label, before, after in self._changes(record)]
        return "; ".join([*told, *([self._message(record)] if record.message else [])])

    def render_what(self, record: SheetRow) -> SafeString:
        parts = format_html_join(
            "",
            '<span class="d-block">{} <span class="q-3rd">{}</span> → {}</span>',
            self._changes(record),
        )
        if not record.message:
            return parts or SafeString("–")
        tone = "q-bad" if record.verdict == Verdict.FAULT else "q-3rd"
        return format_html('{}<span class="d-block {}">{}</span>', parts, tone, self._message(record))

    def _message(self, record: SheetRow) -> str:
        column = fault_column(self._sheet, record.column)
        return f"{column}: {record.message}" if column else record.message

    def _changes(self, record: SheetRow) -> list[tuple[Any, Any, Any]]:
        made = []
        for change in record.changes:
            label, before, after = change_words(change, may_see=self._may_see)
            made.append((label, _shown(change[0], before), _shown(change[0], after)))
        return made


def _shown(name: str, value: Any) -> Any:
    if value in (None, ""):
        return "–"
    if name.endswith("_fen"):
        return money(value)
    return moment(datetime.fromisoformat(value)) if name.endswith("_at") else value
