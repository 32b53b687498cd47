"""The form of all declared preferences, grouped by the first part of their key."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants import preferences
from tenants.forms import preference_field

GROUP_LABELS = {
    "touch": _("Reaching people"),
    "leads": _("Leads"),
    "lead": _("Leads"),
    "groups": _("Groups"),
    "group": _("Groups"),
    "sop": _("SOP"),
    "campaigns": _("Campaigns"),
    "wecom": _("WeCom"),
    "contacts": _("Customers"),
    "transfers": _("Customers"),
    "prices": _("Prices to compare with"),
    "team": _("Team"),
    "ranking": _("Rankings"),
    "load": _("Team"),
    "approvals": _("Approvals"),
    "work": _("Work list"),
    "today": _("Work list"),
    "notices": pgettext_lazy("settings", "Notices"),
    "phone": _("Staff phones"),
    "import": _("Imports"),
    "content": _("Content"),
    "knowledge": _("Knowledge cards"),
    "archive": _("Message archive"),
    "stages": _("Trust stages"),
    "tags": _("Tags"),
    "service": pgettext_lazy("questions", "Service"),
    "paths": _("Ways in"),
    "surveys": _("Forms"),
    "analytics": _("Insights"),
    "insights": _("Insights"),
}


@dataclass(frozen=True)
class PreferenceRow:
    """One setting: its field and its default as text. `is_own` when the company chose its own value."""

    setting: preferences.Declared
    field: forms.BoundField
    default: str
    is_own: bool


@dataclass(frozen=True)
class PreferenceGroup:
    key: str
    label: Any
    rows: list[PreferenceRow]


def _as_text(setting: preferences.Declared, value: Any) -> str:
    if setting.kind == "time":
        return f"{preferences.parse(setting, value):%H:%M}"
    if value == "":
        return str(_("empty"))
    if setting.kind == "flag":
        return str(_("yes") if value else _("no"))
    return str(value)


def _field_name(key: str) -> str:
    return key.replace(".", "__")


class PreferencesForm(forms.Form):
    """All settings at once; only changed ones are stored."""

    def __init__(self, *args: Any, current: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current = current
        for setting in preferences.declared():
            self.fields[_field_name(setting.key)] = preference_field(setting, current[setting.key])

    def changed(self) -> list[tuple[preferences.Declared, Any]]:
        """(setting, typed value) of what differs from the present value."""
        found = []
        for setting in preferences.declared():
            value = self.cleaned_data[_field_name(setting.key)]
            if value != self.current[setting.key]:
                found.append((setting, value))
        return found

    def groups(self) -> list[PreferenceGroup]:
        """The rows under their headings, in the order of the keys."""
        made: dict[str, PreferenceGroup] = {}
        for setting in preferences.declared():
            prefix = setting.key.partition(".")[0]
            label = GROUP_LABELS.get(prefix, prefix)
            group = made.setdefault(str(label), PreferenceGroup(prefix, label, []))
            is_own = self.current[setting.key] != setting.default
            row = PreferenceRow(
                setting, self[_field_name(setting.key)], _as_text(setting, setting.default), is_own
            )
            group.rows.append(row)
        return list(made.values())


def preferences_form(tenant_id: int, data: Any = None) -> PreferencesForm:
    """The form with the tenant's present values; one query."""
    current = preferences.values(tenant_id, *preferences.declared())
    return PreferencesForm(data, current=current)
