"""What the audit trail says of a change: words where an app gave them, never a raw structure."""

import ast

from django.conf import settings
from django.utils import translation

from console.audit_changes import change_words
from console.audit_words import WORDS
from contacts.selectors.sources import source_label

APPS = {
    "analytics",
    "console",
    "contacts",
    "content",
    "groups",
    "leads",
    "outbox",
    "sop",
    "team",
    "tenants",
    "wecom",
}


def _told(kind: str, changes: dict) -> list[tuple[str, str, str]]:
    with translation.override("en"):
        return [(one.label, one.before, one.after) for one in change_words(kind, changes)]


def test_change_of_a_group_is_told_by_its_labels() -> None:
    assert _told("groups.group", {"state": ["planning", "warming"]}) == [("State", "Planning", "Warming up")]


def test_change_from_nothing_has_no_before() -> None:
    assert _told("sop.touch", {"state": [None, "submitted"]})[0][1] == ""


def test_change_of_an_answer_is_told_as_its_sentences() -> None:
    told = _told("groups.group", {"rules": [{}, {"lines": "one\ntwo", "ladder": "warn"}]})
    assert told == [("Group rules", "", "one / two · warn")]


def test_source_of_an_own_system_keeps_its_name() -> None:
    with translation.override("en"):
        assert [source_label("wecom"), source_label("shop")] == ["WeCom", "shop"]


def test_states_told_on_a_group_have_words() -> None:
    assert _told("groups.group", {"state": ["invited", "helper"], "step": [None, "mute"]}) == [
        ("State", "Invited", "Helper"),
        ("What follows", "", "Mute"),
    ]


def test_every_recorded_verb_has_words() -> None:
    unnamed = {verb: path for path, verbs in _recorded().items() for verb in verbs if verb not in WORDS}
    assert unnamed == {}


def _recorded() -> dict[str, set[str]]:
    """{file: the verbs that its calls of audit.record name}: as such, by a condition, or by a local name."""
    found = {}
    for path in settings.BASE_DIR.glob("*/**/*.py"):
        app = path.relative_to(settings.BASE_DIR).parts[0]
        if app not in APPS:
            continue
        tree = ast.parse(path.read_text())
        calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and _is_record(one)]
        told = [word.value for call in calls for word in call.keywords if word.arg == "verb"]
        names = {one.id for one in told if isinstance(one, ast.Name)}
        told += [
            one.value
            for one in ast.walk(tree)
            if isinstance(one, ast.Assign) and names & {getattr(to, "id", "") for to in one.targets}
        ]
        found[str(path)] = {
            leaf.value
            for one in told
            for leaf in ast.walk(one)
            if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and leaf.value.count(".") == 2
        }
    assert sum(map(len, found.values())) > 100
    return found


def _is_record(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "audit.record"
