"""Fill the demo: two companies on the simulator, one of them three weeks into a camp.

Nothing is planted: the clock is moved three weeks back, everything happens over the wire as in `make smoke`, and at
the end time is the present again. A finished world is kept; one that was interrupted is put aside and made anew.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from demo.world import SIZES, World


class Command(BaseCommand):
    help = "Make the demo's world, or say that it stands."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="small")

    def handle(self, *args: Any, **options: Any) -> None:
        World(
            size=options["size"],
            folder=settings.BASE_DIR / ".local",
            web_url=settings.PUBLIC_URL,
            simulator_url=settings.WECOM_API_BASE,
            say=self.stdout.write,
        ).make()
