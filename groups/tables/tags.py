"""The table of the group tag manager."""

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
from groups.models import GroupTag, GroupTagRule
from groups.selectors.group_tags import group_rule_words, group_rules_of


class GroupTagTable(ConsoleTable):
    """Tags: what each means, its rule, the groups that carry it."""

    name = tables.Column(verbose_name=_("Tag"))
    rule = tables.Column(
        verbose_name=_("Rule"), empty_values=(), orderable=False, attrs={"td": {"class": "q-wrap"}}
    )
    group_count = NumberColumn(verbose_name=_("Groups"))
    edit = tables.Column(verbose_name="", empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = GroupTag
        fields = ("name", "rule", "group_count", "edit")
        row_header = "name"

    def __init__(self, *args: Any, tenant: Any, can_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant, self._can_change = tenant, can_change

    @cached_property
    def _rules(self) -> dict[int, GroupTagRule]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        found = group_rules_of(tenant_id=self._tenant.pk, tag_ids=[row.record.pk for row in rows])
        return {tag_id: rule for tag_id, rule in found.items() if rule.is_active}

    def _url(self, name: str, **kwargs: Any) -> str:
        return reverse(name, kwargs={"tenant_slug": self._tenant.slug, **kwargs})

    def value_name(self, record: GroupTag) -> str:
        return record.name

    def render_name(self, record: GroupTag) -> SafeString:
        return format_html("<b>{}</b><small>{}</small>", record.name, record.note)

    def value_rule(self, record: GroupTag) -> str:
        rule = self._rules.get(record.pk)
        return group_rule_words(rule) if rule else ""

    def render_rule(self, record: GroupTag) -> SafeString:
        rule = self._rules.get(record.pk)
        if rule is None:
            return format_html('<span class="q-none">{}</span>', gettext("by hand only"))
        ran = moment(rule.ran_at) if rule.ran_at else gettext("not yet")
        said = gettext("version %(version)s · all groups looked at: %(at)s")
        return format_html(
            "{}<small>{}</small>", group_rule_words(rule), said % {"version": rule.version, "at": ran}
        )

    def value_group_count(self, value: int) -> int:
        return value

    def render_group_count(self, record: GroupTag, value: int) -> SafeString:
        url = f"{self._url('groups:list')}?group_tag={record.pk}"
        return format_html('<a class="q-link" href="{}">{}</a>', url, figure(value))

    def render_edit(self, record: GroupTag) -> SafeString | str:
        if not self._can_change:
            return ""
        edit = format_html(
            '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            self._url("groups:tag_edit", tag_pk=record.pk),
            gettext("Change"),
        )
        if record.archived_at:
            return edit
        words = gettext("Rule") if record.pk in self._rules else gettext("Give a rule")
        rule = self._url("groups:tag_rule", tag_pk=record.pk)
        return format_html('<a class="btn btn-sm" href="{}">{}</a> {}', rule, words, edit)
