"""Repeat every draw of a lottery from its public record: nothing of ours is asked but the arithmetic.

python manage.py lottery_check lottery-7.json
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.policies.lottery import record_check, record_read

SHOWN = 20


class Command(BaseCommand):
    """Without a database: the file is enough."""

    help = "Repeat every draw of a lottery's public record and say whether all of them hold."
    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            record = record_read(options["file"].read_text())
        except (OSError, ValueError) as error:
            raise CommandError(f"this is no record: {error}") from error
        if not record.get("seed"):
            raise CommandError("the seed is not published yet: it is once the campaign has ended")
        try:
            found = record_check(record)
        except (KeyError, TypeError, ValueError) as error:
            raise CommandError(f"this is no record: {error!r}") from error
        for line in found.wrong[:SHOWN]:
            self.stderr.write(line)
        if not found.holds:
            raise CommandError(f"{len(found.wrong)} of {found.draws} draws do not hold")
        won = ", ".join(f"{name} {count}" for name, count in sorted(found.wins.items()) if name)
        self.stdout.write(f"{found.draws} draws hold, {won or 'no prize'}")
