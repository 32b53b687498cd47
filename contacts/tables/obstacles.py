"""The obstacle log: what stood in whose way, and what helped."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import moment
from contacts.models import Obstacle
from contacts.policies.steps import step_of
from tenants import clock


class ObstacleTable(ConsoleTable):
    """Obstacle, whose, how long it has been open, how it went away."""

    text = tables.Column(verbose_name=gettext_lazy("Obstacle"))
    customer = tables.Column(verbose_name=gettext_lazy("Customer"), order_by=("customer__name", "pk"))
    noted_at = tables.Column(verbose_name=pgettext_lazy("obstacle", "Noted"))
    days = NumberColumn(
        verbose_name=gettext_lazy("Days open"), empty_values=(), order_by=("solved_at", "-noted_at"),
        initial_sort_descending=True,
    )  # fmt: skip
    solution = tables.Column(verbose_name=gettext_lazy("What helped"), empty_values=())
    solved_at = tables.Column(verbose_name=pgettext_lazy("obstacle", "Solved"), default="–")

    class Meta(ConsoleTable.Meta):
        model = Obstacle
        fields = ("text", "customer", "noted_at", "days", "solution", "solved_at")
        row_header = "text"

    def __init__(self, *args: Any, tenant_slug: str, can_solve: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._can_solve, self._now = tenant_slug, can_solve, clock.now()

    def _url(self, name: str, pk: int) -> str:
        return reverse(name, kwargs={"tenant_slug": self._slug, "pk": pk})

    def render_customer(self, record: Obstacle) -> SafeString:
        who = record.customer.person or record.customer
        return format_html(
            '<a class="q-link" href="{}">{}</a><small>{}</small>',
            self._url("contacts:detail", who.pk), who, step_of(who.stage).label,
        )  # fmt: skip

    def value_customer(self, record: Obstacle) -> str:
        return str(record.customer.person or record.customer)

    def render_noted_at(self, record: Obstacle) -> SafeString:
        return format_html("{}<small>{}</small>", moment(record.noted_at), record.noted_by)

    def value_noted_at(self, record: Obstacle) -> str:
        return f"{moment(record.noted_at)} {record.noted_by}"

    def render_days(self, record: Obstacle) -> int:
        return max(0, ((record.solved_at or self._now) - record.noted_at).days)

    def render_solution(self, record: Obstacle) -> Any:
        if record.solved_at is not None:
            return record.solution
        if not self._can_solve:
            return "–"
        return format_html(
            '<button class="btn btn-sm" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            self._url("contacts:solve", record.pk), _("Say what helped"),
        )  # fmt: skip

    def value_solution(self, record: Obstacle) -> str:
        return record.solution

    def render_solved_at(self, record: Obstacle) -> SafeString:
        return format_html("{}<small>{}</small>", moment(record.solved_at), record.solved_by)

    def value_solved_at(self, record: Obstacle) -> str:
        return f"{moment(record.solved_at)} {record.solved_by}"
