"""Whether the words of a welcome may be sent: an upper app knows what the company may not say."""

from collections.abc import Callable, Iterable
from typing import Any

from tenants.models import Tenant

# (tenant, text): raises a DomainError that names what may not be said.
Check = Callable[[Tenant, str], None]
_checks: list[Check] = []
# (tenant): a welcome was written, after which another one may be wrong, or none any more.
Heard = Callable[[Tenant], object]
_heard: list[Heard] = []


def register_sayable(check: Check) -> None:
    """Once, from an upper app's nav. It is asked before a welcome is kept."""
    _checks.append(check)


def register_welcome_kept(heard: Heard) -> None:
    """Once, from an upper app's nav. It is told in the transaction that keeps a welcome."""
    _heard.append(heard)


def welcome_kept(*, tenant: Tenant) -> None:
    """A welcome was written another way."""
    for heard in _heard:
        heard(tenant)


def welcome_checked(*, tenant: Tenant, text: str, parts: Iterable[dict[str, Any]] = ()) -> None:
    """Raises what a check raises of the words, or of the titles and descriptions of what comes along."""
    along = [str(part.get(name) or "") for part in parts for name in ("title", "desc")]
    said = "\n".join(one for one in (text, *along) if one)
    if said:
        for check in _checks:
            check(tenant, said)
