"""What plays do when a crowd comes at once: wait in line for a while, then say so instead of hanging."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from campaigns.errors import TooManyAtOnce

PATIENCE = "5s"
LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def patient() -> Iterator[None]:
    """A transaction in which nobody waits longer than a page may take for rows that others hold: it is undone then.

    Raises TooManyAtOnce.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select set_config('lock_timeout', %s, true)", [PATIENCE])
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
            raise
        raise TooManyAtOnce from error
