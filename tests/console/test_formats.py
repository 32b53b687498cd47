"""Figures and moments as readers of each language expect them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from console import formats
from tests.conftest import MovableClock

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (None, "–", "–"),
        ("", "–", "–"),
        (0, "0", "0"),
        (1284, "1,284", "1,284"),
        (9999, "9,999", "9,999"),
        (10_000, "1 万", "10,000"),
        (12_345, "1.2 万", "12,345"),
        (128_400, "12.8 万", "128,400"),
        (230_000_000, "2.3 亿", "230,000,000"),
        (-4, "−4", "−4"),
        (3.14159, "3.1", "3.1"),
        (-0.04, "0", "0"),
    ],
)
def test_figure_is_written_as_the_language_does(value: object, zh: str, en: str) -> None:
    assert formats.figure(value, "zh-hans") == zh
    assert formats.figure(value, "en") == en


@pytest.mark.parametrize(
    ("value", "shown"), [(0.423, "42.3%"), (0, "0.0%"), (1, "100.0%"), (None, "–"), (-0.031, "−3.1%")]
)
def test_percent_keeps_one_place_and_missing_is_not_zero(value: object, shown: str) -> None:
    assert formats.percent(value) == shown


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(198_000, "¥1,980"), (990, "¥9.90"), (0, "¥0"), (None, "–"), (-5_000, "−¥50"), (2_000_000, "¥2 万")],
)
def test_money_shows_cents_only_where_there_are_any(fen: int | None, shown: str) -> None:
    assert formats.money(fen, "zh-hans") == shown


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (288, "剩 4:48", "4:48 left"),
        (-494, "超时 8:14", "8:14 over"),
        (5_760, "剩 1 小时 36 分", "1 h 36 min left"),
        (111_600, "剩 1 天 7 小时", "1 d 7 h left"),
        (-86_400, "超期 1 天", "1 day overdue"),
        (-7 * 86_400, "超期 7 天", "7 days overdue"),
    ],
)
def test_deadline_says_what_is_left_or_over(seconds: int, zh: str, en: str) -> None:
    left = timedelta(seconds=seconds)
    with translation.override("zh-hans"):
        assert formats.time_left(left) == zh
    with translation.override("en"):
        assert formats.time_left(left) == en


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (0, "0 分钟", "0 min"),
        (59, "59 分钟", "59 min"),
        (60, "1 小时 0 分", "1 h 0 min"),
        (1439, "23 小时 59 分", "23 h 59 min"),
        (2440, "1 天 16 小时", "1 d 16 h"),
    ],
)
def test_minutes_are_told_in_words(minutes: int, zh: str, en: str) -> None:
    with translation.override("zh-hans"):
        assert formats.minutes_long(minutes) == zh
    with translation.override("en"):
        assert formats.minutes_long(minutes) == en


@pytest.mark.parametrize(
    ("at", "zh", "en"),
    [
        (datetime(2026, 3, 2, 2, 24, tzinfo=UTC), "今天 10:24", "today 10:24"),
        (datetime(2026, 3, 1, 12, 14, tzinfo=UTC), "昨天 20:14", "yesterday 20:14"),
        (datetime(2026, 1, 18, 12, 14, tzinfo=UTC), "1月18日 20:14", "18 Jan 20:14"),
        (datetime(2025, 11, 18, 12, 14, tzinfo=UTC), "2025年11月18日 20:14", "18 Nov 2025 20:14"),
        (None, "–", "–"),
    ],
)
def test_moment_is_told_in_the_zone_of_the_company(
    frozen: MovableClock, at: datetime | None, zh: str, en: str
) -> None:
    for language, shown in (("zh-hans", zh), ("en", en)):
        with translation.override(language), timezone.override(ZoneInfo("Asia/Shanghai")):
            made = Template("{% load q %}{{ at|moment }}").render(Context({"at": at}))
        assert made == shown


def test_moment_near_midnight_belongs_to_the_day_of_the_zone(frozen: MovableClock) -> None:
    late = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # 00:30 on 2 March in Shanghai

    with translation.override("zh-hans"), timezone.override(ZoneInfo("Asia/Shanghai")):
        assert Template("{% load q %}{{ at|moment }}").render(Context({"at": late})) == "今天 00:30"
    with translation.override("zh-hans"), timezone.override(ZoneInfo("UTC")):
        assert Template("{% load q %}{{ at|moment }}").render(Context({"at": late})) == "昨天 16:30"


def test_tags_keep_the_word_beside_the_colour() -> None:
    source = (
        "{% load q %}{% tier 'A+' %}{% tier '' %}{% chip 'late' '已晚 24 分' %}{% chip 'broken' '失效' %}"
    )

    made = Template(source).render(Context())

    assert '<span class="q-tier is-ap" title="">A+</span>' in made
    assert '<span class="q-none">–</span>' in made
    assert "q-step is-late" in made
    assert "已晚 24 分" in made
    assert '<span class="q-tag is-bad">失效</span>' in made


def test_tags_escape_what_people_typed() -> None:
    made = Template("{% load q %}{% ava name %}{% chip 'ok' name %}").render(Context({"name": "<b>x"}))

    assert "<b>" not in made
    assert "&lt;b&gt;x" in made


def test_deadline_carries_the_moment_for_the_browser(frozen: MovableClock) -> None:
    due = frozen.moment + timedelta(seconds=288)

    with translation.override("zh-hans"):
        made = Template("{% load q %}{% deadline due %}|{{ due|urgency }}").render(Context({"due": due}))

    assert made == '<b data-deadline="2026-03-02T01:04:48+00:00">剩 4:48</b>|is-soon'
