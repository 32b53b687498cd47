"""What every route of the console demands: (permission to read, permission to write).

A new page is added here on purpose, by someone who says who may see it; a route that is not here fails the walk.
"""

from tests.isolation.demands import ground, people, work

CONSOLE: dict[str, tuple[str, str]] = {**ground.ROUTES, **people.ROUTES, **work.ROUTES}
