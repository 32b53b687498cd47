"""The table of the tag manager."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment
from contacts.enums import MarkState
from contacts.models import Tag, TagMark, TagRule
from contacts.selectors.tag_marks import mark_words
from contacts.selectors.tags import fact_names, rule_words, rules_of, tag_people


class TagTable(ConsoleTable):
    """Tags: group, whose they are, rule, people."""

    name = tables.Column(verbose_name=_("Tag"))
    group = tables.Column(verbose_name=_("Group of tags"), empty_values=(), order_by=("group__name", "name"))
    kept = tables.Column(verbose_name=_("Kept by"), empty_values=(), orderable=False)
    rule = tables.Column(verbose_name=_("Rule"), empty_values=(), orderable=False)
    people = NumberColumn(verbose_name=_("People"), empty_values=(), orderable=False)
    edit = tables.Column(verbose_name="", empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Tag
        fields = ("name", "group", "kept", "rule", "people", "edit")
        row_header = "name"

    def __init__(self, *args: Any, tenant: Any, can_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant, self._can_change = tenant, can_change

    @cached_property
    def _ids(self) -> list[int]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return [row.record.pk for row in rows]

    @cached_property
    def _people(self) -> dict[int, int]:
        return tag_people(tenant_id=self._tenant.pk, tag_ids=self._ids)

    @cached_property
    def _rules(self) -> dict[int, TagRule]:
        found = rules_of(tenant_id=self._tenant.pk, tag_ids=self._ids)
        return {tag_id: rule for tag_id, rule in found.items() if rule.is_active}

    @cached_property
    def _names(self) -> dict[str, str]:
        return fact_names(tenant_id=self._tenant.pk)

    def _url(self, name: str, **kwargs: Any) -> str:
        return reverse(name, kwargs={"tenant_slug": self._tenant.slug, **kwargs})

    def render_group(self, record: Tag) -> str:
        return record.group.name if record.group else "–"

    def value_group(self, record: Tag) -> str:
        return record.group.name if record.group else ""

    def value_kept(self, record: Tag) -> str:
        return gettext("here") if record.is_own else gettext("WeCom")

    def render_kept(self, record: Tag) -> str:
        return self.value_kept(record)

    def value_rule(self, record: Tag) -> str:
        rule = self._rules.get(record.pk)
        return rule_words(rule, self._names) if rule else ""

    def render_rule(self, record: Tag) -> SafeString:
        rule = self._rules.get(record.pk)
        if rule is None:
            return format_html('<span class="q-none">{}</span>', gettext("by hand only"))
        ran = moment(rule.ran_at) if rule.ran_at else gettext("not yet")
        return format_html(
            "{}<small>{}</small>",
            rule_words(rule, self._names),
            gettext("version %(version)s · everyone looked at: %(at)s")
            % {"version": rule.version, "at": ran},
        )

    def value_people(self, record: Tag) -> int:
        return self._people.get(record.pk, 0)

    def render_people(self, record: Tag) -> SafeString:
        url = f"{self._url('contacts:list')}?tag={record.pk}"
        return format_html('<a class="q-link" href="{}">{}</a>', url, figure(self._people.get(record.pk, 0)))

    def render_edit(self, record: Tag) -> SafeString | str:
        if not self._can_change:
            return ""
        edit = (
            format_html(
                '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
                self._url("contacts:tag_edit", tag_pk=record.pk),
                gettext("Change"),
            )
            if record.is_own
            else ""
        )
        if record.deleted_at:
            return edit
        words = gettext("Rule") if record.pk in self._rules else gettext("Give a rule")
        rule = self._url("contacts:tag_rule", tag_pk=record.pk)
        return format_html('<a class="btn btn-sm" href="{}">{}</a> {}', rule, words, edit)


class TagMarkTable(ConsoleTable):
    """What a batch writes to WeCom: a row a relation of a customer and a staff member."""

    customer = tables.Column(verbose_name=_("Customer"), order_by=("customer__name", "pk"))
    staff = tables.Column(verbose_name=_("Staff"), order_by=("staff__name", "pk"))
    outcome = tables.Column(verbose_name=_("Outcome"), empty_values=(), order_by=("status", "pk"))
    finished_at = tables.Column(verbose_name=_("When"))

    class Meta(ConsoleTable.Meta):
        model = TagMark
        fields = ("customer", "staff", "outcome", "finished_at")
        row_header = "customer"

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant = tenant

    def value_customer(self, record: TagMark) -> str:
        return record.customer.name or gettext("No name known")

    def render_customer(self, record: TagMark) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._tenant.slug, "pk": record.customer_id})
        return format_html('<a class="q-link" href="{}">{}</a>', url, self.value_customer(record))

    def value_staff(self, record: TagMark) -> str:
        return str(record.staff)

    def render_staff(self, record: TagMark) -> str:
        return str(record.staff)

    def value_outcome(self, record: TagMark) -> str:
        return mark_words(record)

    def render_outcome(self, record: TagMark) -> SafeString:
        if record.status == MarkState.FAILED:
            return format_html('<span class="q-bad">{}</span>', mark_words(record))
        tone = "is-ok" if record.status == MarkState.DONE else ""
        return format_html('<span class="q-tag {}">{}</span>', tone, mark_words(record))

    def render_finished_at(self, value: Any) -> str:
        return moment(value)
