"""One at a time: what a company may do only once at the same moment, whichever process does it."""

from django.db import connection

_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext(%s), %s::int)"


def one_at_a_time(what: str, *, tenant_id: int) -> None:
    """Wait until no other transaction of this company does `what`, and hold it until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [what, tenant_id])
