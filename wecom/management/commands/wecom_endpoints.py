"""manage.py wecom_endpoints --write | --check: the table of WeCom calls in docs/wecom.md, made from the rows."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wecom.endpoints import ENDPOINTS, table


class Command(BaseCommand):
    help = "Write the table of WeCom calls into docs/wecom.md, or check that it is the present one"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--write", action="store_true", help="write the table between its markers")
        what.add_argument("--check", action="store_true", help="fail when the table is not the present one")

    def handle(self, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / "docs" / "wecom.md"
        present = page.read_text()
        wanted = table.replaced(present, table.markdown(ENDPOINTS.values()))
        if options["write"]:
            page.write_text(wanted)
        elif wanted != present:
            raise CommandError(
                "docs/wecom.md shows other WeCom calls than there are: manage.py wecom_endpoints --write"
            )
        self.stdout.write(f"{len(ENDPOINTS)} calls")
