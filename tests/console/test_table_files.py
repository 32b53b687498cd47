"""What a table puts into a file: whole dates, plain words, figures as numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime

import django_tables2 as tables
import pytest
from django.utils import timezone
from django.utils.html import format_html

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment

pytestmark = pytest.mark.unit


@dataclass
class Row:
    pk: int
    name: str
    count: int
    at: datetime | None
    said: str


class Table(ConsoleTable):
    name = tables.Column()
    count = NumberColumn()
    at = tables.Column(empty_values=())
    said = tables.Column()
    own = tables.Column(empty_values=())

    class Meta(ConsoleTable.Meta):
        model = None

    def render_name(self, record):
        return format_html('<a href="/x">{}</a><small>{}</small>', record.name, "宝妈")

    def render_count(self, value):
        return figure(value)

    def render_at(self, value):
        return moment(value)

    def render_own(self):
        return "–"

    def value_own(self):
        return 7


def lines(*rows):
    with timezone.override("Asia/Shanghai"):
        return [list(line) for line in Table(list(rows)).as_values()]


def test_a_moment_is_a_whole_date_on_the_companys_wall_and_a_figure_a_number():
    at = datetime(2026, 3, 2, 16, 5, 9, tzinfo=UTC)
    (_head, line) = lines(Row(1, "A&B", 12_345, at, "<b>自己写的</b>"))
    assert line == ["A&B 宝妈", 12_345, "2026-03-03 00:05:09", "<b>自己写的</b>", 7]


def test_nothing_stays_empty():
    (_head, line) = lines(Row(1, "甲", 0, None, "–"))
    assert line[1:4] == [0, "", ""]
