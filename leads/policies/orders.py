"""Why somebody bought (R72): asked first, or prompted."""

from collections.abc import Iterable
from datetime import datetime

ACTIVE, STIMULATED, UNKNOWN = "active", "stimulated", "unknown"


def order_class(*, ordered_at: datetime, inquiries: Iterable[datetime], pushes: Iterable[datetime]) -> str:
    """ "active" when the customer asked before any sales push, else "stimulated".

    What happened after the order is left out. Neither an inquiry nor a push on record: "unknown", because then
    nothing says what moved the customer. An inquiry at the very moment of a push came with it, not before it.
    """
    asked = min((one for one in inquiries if one <= ordered_at), default=None)
    pushed = min((one for one in pushes if one <= ordered_at), default=None)
    if asked is not None and (pushed is None or asked < pushed):
        return ACTIVE
    return UNKNOWN if asked is None and pushed is None else STIMULATED
