"""Where materials are used and what came of it: the apps above content that send them say so."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from content.policies.usage import Usage

if TYPE_CHECKING:
    from tenants.models import Tenant

# (tenant, material ids) -> {id: Usage}; a material that was never taken is absent.
Teller = Callable[["Tenant", list[int]], dict[int, Usage]]
_tellers: list[Teller] = []


def register_usage(fn: Teller) -> None:
    """Tell of the use of materials. The same function twice counts once."""
    if fn not in _tellers:
        _tellers.append(fn)


def usage_of(*, tenant: "Tenant", material_ids: Iterable[int]) -> dict[int, Usage]:
    """{material: what became of it}; absent: used nowhere. Asks every registered teller once; the first that knows a
    material speaks for it."""
    wanted = list(material_ids)
    found: dict[int, Usage] = {}
    for fn in _tellers if wanted else []:
        for material_id, usage in fn(tenant, wanted).items():
            found.setdefault(material_id, usage)
    return found
