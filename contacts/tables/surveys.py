"""Tables of forms and of those who were asked."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment, percent
from contacts.models import Survey, SurveyAnswer, SurveyLink
from contacts.selectors.surveys import answers_of, is_open
from tenants import clock
from tenants.models import Tenant


class SurveyTable(ConsoleTable):
    """Forms: how many were asked, how many answered, whether it takes answers."""

    title = tables.Column(verbose_name=_("Form"))
    asked = NumberColumn(verbose_name=_("Asked"))
    answered = NumberColumn(verbose_name=_("Answered"))
    rate = NumberColumn(verbose_name=_("Response rate"), empty_values=(), orderable=False)
    state = tables.Column(verbose_name=_("State"), empty_values=(), orderable=False)
    created_at = tables.Column(verbose_name=pgettext_lazy("form to customers", "Made"))

    class Meta(ConsoleTable.Meta):
        model = Survey
        fields = ("title", "asked", "answered", "rate", "state", "created_at")
        row_header = "title"

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant = tenant

    def _url(self, record: Survey, query: str = "") -> str:
        kwargs = {"tenant_slug": self._tenant.slug, "pk": record.pk}
        return reverse("contacts:survey", kwargs=kwargs) + query

    def value_title(self, record: Survey) -> str:
        return record.title

    def render_title(self, record: Survey) -> SafeString:
        return format_html('<a href="{}">{}</a>', self._url(record), record.title)

    def render_asked(self, record: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', self._url(record), figure(record.asked))

    def value_asked(self, record: Any) -> int:
        return int(record.asked)

    def render_answered(self, record: Any) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', self._url(record, "?state=answered"), figure(record.answered)
        )

    def value_answered(self, record: Any) -> int:
        return int(record.answered)

    def render_rate(self, record: Any) -> str:
        return percent(record.answered / record.asked if record.asked else None)

    def render_state(self, record: Survey) -> str:
        takes = is_open(record, now=clock.now(), zone=self._tenant.timezone)
        return gettext("Takes answers") if takes else gettext("Closed")

    def render_created_at(self, record: Survey) -> str:
        return moment(record.created_at)


class SurveyPeopleTable(ConsoleTable):
    """Who was asked: by whom, for which group, and what came of it."""

    customer = tables.Column(verbose_name=_("Customer"), order_by=("customer__name",))
    group = tables.Column(verbose_name=_("Group"), empty_values=(), orderable=False)
    staff = tables.Column(verbose_name=_("Asked by"), empty_values=(), orderable=False)
    asked_at = tables.Column(verbose_name=_("Asked"))
    opened_at = tables.Column(verbose_name=pgettext_lazy("form to customers", "Opened"))
    answered_at = tables.Column(verbose_name=_("Answered"))
    answers = tables.Column(
        verbose_name=pgettext_lazy("form to customers", "Answers"), empty_values=(), orderable=False
    )

    class Meta(ConsoleTable.Meta):
        model = SurveyLink
        fields = ("customer", "group", "staff", "asked_at", "opened_at", "answered_at", "answers")
        row_header = "customer"
        empty_text = _("Nobody here.")

    def __init__(self, *args: Any, tenant_slug: str, survey: Survey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._survey = tenant_slug, survey

    @cached_property
    def _answers(self) -> dict[int, SurveyAnswer]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        ids = [row.record.customer_id for row in rows]
        return answers_of(tenant_id=self._survey.tenant_id, survey_id=self._survey.pk, customer_ids=ids)

    def value_customer(self, record: SurveyLink) -> str:
        return record.customer.name or record.customer.external_userid

    def render_customer(self, record: SurveyLink) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer.name or gettext("No name known"))

    def render_group(self, record: SurveyLink) -> str:
        return (record.group.name or gettext("Unnamed group")) if record.group else "–"

    def render_staff(self, record: SurveyLink) -> str:
        return str(record.staff) if record.staff else "–"

    def render_asked_at(self, record: SurveyLink) -> str:
        return moment(record.asked_at)

    def render_opened_at(self, record: SurveyLink) -> str:
        return moment(record.opened_at)

    def render_answered_at(self, record: SurveyLink) -> str:
        return moment(record.answered_at)

    def value_answers(self, record: SurveyLink) -> str:
        found = self._answers.get(record.customer_id)
        return "; ".join(f"{one['label']}: {one['words'] or '–'}" for one in found.answers) if found else ""

    def render_answers(self, record: SurveyLink) -> str | SafeString:
        found = self._answers.get(record.customer_id)
        if found is None:
            return "–"
        parts = [(one["label"], one["words"] or "–") for one in found.answers]
        return format_html_join("", '<span class="d-block"><span class="q-3rd">{}</span> {}</span>', parts)
