"""The audit trail speaks to people: no verb is shown as it is stored."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from console.audit_words import WORDS

ROOT = Path(__file__).parents[2]
APPS = (
    "analytics",
    "campaigns",
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
)
VERB = re.compile(rf"({'|'.join(APPS)})\.[a-z_]+\.[a-z_]+")


def _verbs(tree: ast.AST) -> Iterator[str]:
    """What is given as `verb=`, or kept in a name `verb`."""
    for node in ast.walk(tree):
        is_given = isinstance(node, ast.keyword) and node.arg == "verb"
        is_kept = isinstance(node, ast.Assign) and any(
            getattr(one, "id", "") == "verb" for one in node.targets
        )
        for one in ast.walk(node) if is_given or is_kept else ():
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and VERB.fullmatch(one.value):
                yield one.value


def test_every_verb_that_is_written_has_a_name() -> None:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    written = {verb for path in files for verb in _verbs(ast.parse(path.read_text(encoding="utf-8")))}
    assert {"contacts.survey.made", "contacts.customer.erased"} <= written  # both ways are found
    assert written - set(WORDS) == set()
