"""Tables of team."""

from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure
from team.enums import StaffKind
from team.models import Staff
from team.selectors import Load
from tenants.enums import Role, Suspension


class LoadColumn(NumberColumn):
    """A figure that an app above counts for each staff member."""

    def __init__(self, load: Load) -> None:
        super().__init__(verbose_name=load.label, empty_values=(), orderable=False)
        self._load = load

    def render(self, record: Staff, table: "StaffTable") -> str:
        return figure(table.load_of(self._load, record))

    def value(self, record: Staff, table: "StaffTable") -> int:
        return table.load_of(self._load, record)


class StaffTable(ConsoleTable):
    """Staff with their departments, console login, customers and open items."""

    name = tables.Column(verbose_name=_("Name"), empty_values=())
    departments = tables.Column(verbose_name=_("Departments"), empty_values=(), orderable=False)
    person = tables.Column(verbose_name=_("Kind of person"), empty_values=(), orderable=False)
    standing = tables.Column(verbose_name=_("Standing"), empty_values=(), orderable=False)
    login = tables.Column(verbose_name=_("Console login"), empty_values=(), orderable=False)
    items = NumberColumn(verbose_name=_("Open items"), empty_values=(), orderable=False)

    class Meta(ConsoleTable.Meta):
        model = Staff
        fields = ("name",)
        sequence = ("name", "person", "departments", "standing", "login", "...", "items")
        row_header = "name"
        order_by = ("-is_active", "name")

    def __init__(
        self,
        *args: Any,
        tenant_slug: str,
        can_link: bool,
        departments: dict[tuple[int, int], str],
        open_items: dict[int, int],
        loads: list[Load],
        tenant_id: int,
        kinds: dict[int, str],
        can_hand_over: bool = False,
        **kwargs: Any,
    ) -> None:
        columns = [(f"load_{number}", LoadColumn(load)) for number, load in enumerate(loads)]
        super().__init__(*args, extra_columns=columns, **kwargs)
        self._slug, self._can_link, self._tenant_id = tenant_slug, can_link, tenant_id
        self._departments, self._open, self._kinds = departments, open_items, kinds
        self._can_hand_over = can_hand_over
        self._departments, self._open = departments, open_items
        self._counted: dict[int, dict[int, int]] = {}

    def load_of(self, load: Load, record: Staff) -> int:
        """One figure of a row; asked once for all rows shown, for all staff in an export."""
        if id(load) not in self._counted:
            shown = [row.record.pk for row in self.paginated_rows] if hasattr(self, "page") else None
            self._counted[id(load)] = load.provider(tenant_id=self._tenant_id, staff_ids=shown)
        return self._counted[id(load)].get(record.pk, 0)

    def value_name(self, record: Staff) -> str:
        return str(record)

    def render_name(self, record: Staff) -> SafeString:
        url = reverse("team:profile", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        return format_html(
            '<a href="{}">{}</a> <span class="q-3rd q-xs">{}</span>', url, str(record), record.userid
        )

    def value_person(self, record: Staff) -> str:
        return str(StaffKind(self._kinds[record.pk]).label) if record.pk in self._kinds else ""

    def render_person(self, record: Staff) -> str:
        return self.value_person(record) or "–"

    def value_departments(self, record: Staff) -> str:
        names = [self._departments.get((record.app_id, one), "") for one in record.department_ids]
        return ", ".join(name for name in names if name)

    def render_departments(self, record: Staff) -> str:
        return self.value_departments(record) or "–"

    def value_standing(self, record: Staff) -> str:
        if not record.is_active:
            return gettext("Left the company")
        return gettext("May talk to customers") if record.can_contact else gettext("Not in customer contact")

    def render_standing(self, record: Staff) -> SafeString:
        tone = " is-ok" if record.is_active and record.can_contact else ""
        tag = format_html('<span class="q-tag{}">{}</span>', tone, self.value_standing(record))
        if not self._can_hand_over:
            return tag
        url = reverse("team:handover", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        return format_html('{} <a class="q-xs" href="{}">{}</a>', tag, url, gettext("Hand over"))

    def value_login(self, record: Staff) -> str:
        linked = record.membership
        return str(linked.user) if linked is not None and linked.may_enter else ""

    def render_login(self, record: Staff) -> SafeString:
        name = self.value_login(record)
        if not self._can_link or not record.is_active:
            return format_html("{}", name or "–")
        url = reverse("team:staff_link", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        return format_html(
            '{} <button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            name or "–",
            url,
            gettext("Change") if name else gettext("Link a login"),
        )

    def render_items(self, record: Staff) -> Any:
        url = reverse("team:today", kwargs={"tenant_slug": self._slug})
        count = self._open.get(record.pk, 0)
        return format_html('<a href="{}?staff={}">{}</a>', url, record.pk, count)

    def value_items(self, record: Staff) -> int:
        return self._open.get(record.pk, 0)


class AccessTable(ConsoleTable):
    """Staff and the console login each signs in as."""

    name = tables.Column(verbose_name=pgettext_lazy("person", "Name"), empty_values=())
    standing = tables.Column(verbose_name=_("Standing"), empty_values=(), orderable=False)
    login = tables.Column(verbose_name=_("Console login"), empty_values=(), orderable=False)
    do = tables.Column(verbose_name=_("Way in"), empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Staff
        fields = ("name",)
        sequence = ("name", "standing", "login", "do")
        row_header = "name"
        order_by = ("-is_active", "name")

    def __init__(self, *args: Any, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = tenant_slug

    def value_name(self, record: Staff) -> str:
        return str(record)

    def render_name(self, record: Staff) -> SafeString:
        return format_html('{} <span class="q-3rd q-xs">{}</span>', str(record), record.userid)

    def value_standing(self, record: Staff) -> str:
        return gettext("Working here") if record.is_active else gettext("Left WeCom")

    def render_standing(self, record: Staff) -> SafeString:
        tone = " is-ok" if record.is_active else ""
        return format_html('<span class="q-tag{}">{}</span>', tone, self.value_standing(record))

    def value_login(self, record: Staff) -> str:
        linked = record.membership
        if linked is None or linked.ended_at is not None:
            return ""
        role = Role(linked.role).label
        if linked.suspended_at is not None:
            why = Suspension(linked.suspended_for).label if linked.suspended_for else ""
            return f"{linked.user} · {role} · {gettext('Suspended')}: {why}"
        how = gettext("WeCom and e-mail") if linked.user.has_address else gettext("WeCom only")
        return f"{linked.user} · {role} · {how}"

    def render_login(self, record: Staff) -> str:
        return self.value_login(record) or "–"

    def render_do(self, record: Staff) -> SafeString:
        linked = record.membership
        context = {
            "staff": record,
            "linked": linked if linked is not None and linked.ended_at is None else None,
            "roles": Role.choices,
            "role": Role.OPERATOR,
            "tenant_slug": self._slug,
        }
        return render_to_string("team/_access_do.html", context)
