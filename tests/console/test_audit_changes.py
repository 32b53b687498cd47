"""What the audit trail says of a change: words where an app gave them, never a raw structure."""

from django.utils import translation

from console.audit_changes import change_words
from contacts.selectors.sources import source_label


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
