"""The import contracts hold, and each of them notices its breach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACKAGES = (
    "scrm", "analytics", "campaigns", "sop", "groups", "leads", "content", "contacts", "team", "wecom", "console",
    "outbox", "tenants", "simulator",
)  # fmt: skip
# What is planted -> the contract that must break, by its name in pyproject.toml.
BREACHES = {
    "a lower app imports a higher one": (
        "contacts/services/customers.py",
        "import sop.enums\n",
        "one direction",
    ),
    "siblings import each other": ("groups/policies/names.py", "import leads.enums\n", "one direction"),
    "a policy imports a model": ("groups/policies/names.py", "import groups.models\n", "one direction"),
    "a file outside the slots": ("groups/helpers.py", "", "one direction"),
    "the network outside wecom": ("groups/services/setup.py", "import httpx\n", "Only wecom"),
    "celery in a service": ("groups/services/setup.py", "import celery\n", "neither Celery"),
    "the product imports the simulator": (
        "tenants/clock.py",
        "import simulator\n",
        "does not know the simulator",
    ),
    "another app's models": ("leads/policies/tiers.py", "import contacts.models\n", "Only contacts imports"),
}

pytestmark = pytest.mark.slow


def lint(where: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages alone, without the tests."""
    target = tmp_path_factory.mktemp("contracts")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def test_the_contracts_hold():
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout[-4000:]


@pytest.mark.parametrize("what", sorted(BREACHES))
def test_a_planted_breach_is_noticed(copy, what):
    path, line, contract = BREACHES[what]
    target = copy / path
    before = target.read_text() if target.exists() else None
    try:
        target.write_text(line + (before or '"""Planted."""\n'))
        answer = lint(copy)
    finally:
        if before is None:
            target.unlink()
        else:
            target.write_text(before)
    broken = [row for row in answer.stdout.splitlines() if row.endswith("BROKEN")]
    assert answer.returncode == 1, answer.stdout[-2000:] + answer.stderr[-2000:]
    assert any(contract in row for row in broken), broken
