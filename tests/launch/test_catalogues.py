"""Translations: what is collected, what counts as a gap."""

from pathlib import Path

import pytest

from launch import catalogues

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one of each way to mark a message, and an empty Chinese catalogue."""
    (tmp_path / "groups").mkdir()
    (tmp_path / "groups/enums.py").write_text(
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext_lazy\n"
        "LIVE = _('Live')\nWEEK = pgettext_lazy('calendar', 'Week')\n"
        "def count(n):\n    return ngettext('%(n)d group', '%(n)d groups', n)\n"
    )
    (tmp_path / "templates/groups").mkdir(parents=True)
    (tmp_path / "templates/groups/list.html").write_text(
        "<div>\n    <h1>{% translate 'Groups' %}</h1>\n"
        "  <p>{% blocktranslate trimmed with name=n %}\n      Hello,\n      it's {{ name }}\n"
        "    {% endblocktranslate %}</p>\n</div>\n"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_x.py").write_text("_('never shown')\n")
    _catalogue(tmp_path).parent.mkdir(parents=True)
    _catalogue(tmp_path).write_text(HEADER)
    return tmp_path


def _catalogue(project: Path) -> Path:
    return project / "locale/zh_Hans/LC_MESSAGES/django.po"


def test_extract_finds_python_and_templates_and_skips_tools(project):
    ids = sorted(str(message.id) for message in catalogues.extract(project) if message.id)

    assert ids == ["('%(n)d group', '%(n)d groups')", "Groups", "Hello, it's %(name)s", "Live", "Week"]


def test_collect_fills_from_parts_and_check_names_what_is_left(project):
    part = project / "locale/parts/groups.po"
    part.parent.mkdir()
    part.write_text(
        HEADER + 'msgid "Groups"\nmsgstr "社群"\n\nmsgid "%(n)d group"\nmsgid_plural "%(n)d groups"\n'
        'msgstr[0] "%(n)d 个群"\n\nmsgctxt "calendar"\nmsgid "Week"\nmsgstr "周"\n\nmsgid "Live"\nmsgstr "运营中"\n'
    )

    catalogues.collect(project)

    name = "locale/zh_Hans/LC_MESSAGES/django.po"
    assert catalogues.check(project) == [
        f'{name}: not translated: "Hello, it\'s %(name)s" (templates/groups/list.html)'
    ]


def test_collect_twice_changes_nothing(project):
    catalogues.collect(project)
    first = _catalogue(project).read_bytes()

    catalogues.collect(project)

    assert _catalogue(project).read_bytes() == first


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("", "not collected (`make messages`)"),
        ('#, fuzzy\nmsgid "Live"\nmsgstr "运营中"\n', "fuzzy"),
        ('msgid "Live"\nmsgstr ""\n', "not translated"),
    ],
)
def test_check_finds_each_kind_of_gap(project, entry, problem):
    _catalogue(project).write_text(HEADER + entry)

    gaps = [line for line in catalogues.check(project) if "'Live'" in line]

    assert gaps == [f"locale/zh_Hans/LC_MESSAGES/django.po: {problem}: 'Live' (groups/enums.py)"]


def test_check_finds_a_lost_placeholder(project):
    _catalogue(project).write_text(
        HEADER + '#, python-format\nmsgid "Hello, it\'s %(name)s"\nmsgstr "你好，我是 %(nam)s"\n'
    )

    assert any("Hello" in line and "placeholder" in line for line in catalogues.check(project))
