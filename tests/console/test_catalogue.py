"""The translation command finds what people read, and fails on what a reader would stumble over."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from console import catalogue

pytestmark = pytest.mark.unit


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tiny product: one module, one template."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "text.py").write_text(
        "from django.utils.translation import gettext as _, ngettext, pgettext\n"
        'A = _("Plain")\nB = ngettext("%(n)s group", "%(n)s groups", 2)\nC = pgettext("tier", "A")\n'
        "D = _(name)\n"
    )
    (app / "page.html").write_text(
        '{% load i18n %}\n<p title="{% translate "A title" %}">'
        "{% blocktranslate trimmed with n=rows %}\n   {{ n }} rows\n   in all{% endblocktranslate %}</p>\n"
        '{% firstof x _("Fallback") %}\n  {# a comment with "quotes #}\n'
    )
    return tmp_path


def _found(tree: Path) -> Catalog:
    return catalogue.extract(tree, [tree / "app"])


def test_extraction_reads_python_and_templates(tree: Path) -> None:
    ids = {(one.context, one.id) for one in _found(tree) if one.id}

    assert ids == {
        (None, "Plain"), (None, ("%(n)s group", "%(n)s groups")), ("tier", "A"), (None, "A title"),
        (None, "%(n)s rows in all"), (None, "Fallback"),
    }  # fmt: skip


def _known(**said: str) -> Catalog:
    made = Catalog(locale=catalogue.LOCALE)
    for key, text in said.items():
        made.add(key.replace("_", " "), text)
    return made


def test_merge_keeps_what_is_known_and_takes_a_delivery_over_it(tree: Path, tmp_path: Path) -> None:
    known = _known(Plain="朴素", A_title="标题")

    made = catalogue.merge(_found(tree), known, [_known(Plain="平白", Fallback="备用")])

    assert made["A title"].string == "标题"
    assert made["Plain"].string == "平白"
    assert made["Fallback"].string == "备用"
    target = tmp_path / "zh.po"
    catalogue.save(made, target)
    with target.open("rb") as file:
        assert read_po(file)["Fallback"].string == "备用"


def test_check_names_each_kind_of_hole(tree: Path) -> None:
    known = catalogue.merge(_found(tree), _known(Plain="朴素"), [])
    known["A title"].flags.add("fuzzy")
    known["A title"].string = "标题"
    known["%(n)s rows in all"].string = "共 %(m)s 行"
    known.add("Gone", "没了")
    del known["Fallback"]

    findings = catalogue.check(_found(tree), known)

    assert findings.missing == ["Fallback"]
    assert set(findings.empty) == {"%(n)s group", "A"}
    assert findings.fuzzy == ["A title"]
    assert findings.mismatched == ["%(n)s rows in all"]
    assert findings.obsolete == ["Gone"]


def test_a_plural_becomes_the_one_chinese_form(tree: Path) -> None:
    made = catalogue.merge(_found(tree), Catalog(locale=catalogue.LOCALE), [_delivery_of_plural()])

    assert made["%(n)s group"].string == ("%(n)s 个群",)


def _delivery_of_plural() -> Catalog:
    made = Catalog(locale=catalogue.LOCALE)
    made.add("%(n)s group", "%(n)s 个群")
    return made


def test_compiled_catalogue_is_what_gettext_reads(tree: Path, tmp_path: Path) -> None:
    po = tmp_path / "django.po"
    catalogue.save(catalogue.merge(_found(tree), _known(Plain="朴素"), []), po)

    assert catalogue.compile_po(po).read_bytes()[:4] == b"\xde\x12\x04\x95"
