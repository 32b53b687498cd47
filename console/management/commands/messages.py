"""manage.py messages --update | --check | --compile: the Chinese catalogue, by Babel alone."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import catalogue

APPS = (
    "tenants", "outbox", "wecom", "console", "team", "contacts", "content", "groups", "leads", "sop", "campaigns",
    "analytics", "scrm",
)  # fmt: skip


class Command(BaseCommand):
    help = "Collect, check or compile the translations"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--update", action="store_true", help="collect new strings, merge locale/parts/*.po"
        )
        what.add_argument("--check", action="store_true", help="fail on anything missing, fuzzy or obsolete")
        what.add_argument("--compile", action="store_true", help="write the .mo")

    def handle(self, **options: Any) -> None:
        base = Path(settings.BASE_DIR)
        po = base / "locale" / catalogue.LOCALE / "LC_MESSAGES" / "django.po"
        if options["compile"]:
            catalogue.compile_po(po)
            return
        found = catalogue.extract(base, [base / name for name in (*APPS, "templates")])
        if options["update"]:
            parts = [catalogue.load(path) for path in sorted((base / "locale" / "parts").glob("*.po"))]
            catalogue.save(catalogue.merge(found, catalogue.load(po), parts), po)
        findings = catalogue.check(found, catalogue.load(po)).lines()
        if findings and options["check"]:
            raise CommandError("\n".join([*findings, f"{len(findings)} messages need a translator"]))
        self.stdout.write(f"{len(findings)} of {len(found)} messages need a translator")
