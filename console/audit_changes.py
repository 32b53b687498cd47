"""The before and after of the audit trail in words. An app names its own fields and values from its nav.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import Role

SHOWN_CHARS = 120

# Fields that several apps record.
_FIELDS: dict[str, Any] = {
    "state": pgettext_lazy("audit field", "State"),
    "result": pgettext_lazy("audit field", "Result"),
    "reason": pgettext_lazy("audit field", "Reason"),
    "owner": pgettext_lazy("audit field", "Owner"),
    "role": pgettext_lazy("audit field", "Role"),
    "groups": pgettext_lazy("audit field", "Groups"),
    "touches": pgettext_lazy("audit field", "Touches"),
    "due_at": pgettext_lazy("audit field", "Due"),
    "offer_ends_at": pgettext_lazy("audit field", "End of the offer"),
    "from": pgettext_lazy("audit field", "Copied from"),
    "membership": pgettext_lazy("audit field", "Login"),
    "tag": pgettext_lazy("audit field", "Tag"),
    "rows": pgettext_lazy("audit field", "Rows"),
    "entries": pgettext_lazy("audit field", "Entries"),
    "list": pgettext_lazy("audit field", "List"),
    "opted_out": pgettext_lazy("audit field", "Wants no marketing"),
    "greeting": pgettext_lazy("audit field", "Welcome message"),
    "msgid": pgettext_lazy("audit field", "Message"),
    "order_class": pgettext_lazy("audit field", "Why bought"),
}
_WORDS: dict[str, Any] = {"approved": _("approved")}
_labels: dict[str, dict[str, Any]] = {}
_values: dict[tuple[str, str], dict[str, Any]] = {("", "role"): dict(Role.choices)}


@dataclass(frozen=True)
class Change:
    """One field of one record, in words; `before` is empty where there was nothing before."""

    label: str
    before: str
    after: str


def register_changes(
    kind: str,
    *,
    labels: Mapping[str, Any] | None = None,
    values: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Name the fields of `kind` ("groups.group") and the words of their stored values. Safe to repeat."""
    _labels.setdefault(kind, {}).update(labels or {})
    for field, words in (values or {}).items():
        _values[kind, field] = dict(words)


def change_words(kind: str, changes: Mapping[str, Any]) -> list[Change]:
    """The changes of one record of `kind`; a field or a value without a name is told as it is stored."""
    made = []
    for field, pair in changes.items():
        before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
        label = _labels.get(kind, {}).get(field) or _FIELDS.get(field) or field
        had = "" if before in (None, "", {}, []) else _said(kind, field, before)
        made.append(Change(str(label), had, _said(kind, field, after)))
    return made


def _said(kind: str, field: str, value: Any) -> str:
    if isinstance(value, dict):
        value = " · ".join(str(one) for one in value.values() if isinstance(one, str) and one) or (
            _("filled in") if value else ""
        )
    elif isinstance(value, list):
        value = " · ".join(str(one) for one in value)
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    words = _values.get((kind, field)) or _values.get(("", field)) or _WORDS
    text = str(words.get(str(value), value)).replace("\n", " / ")
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"
