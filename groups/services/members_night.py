"""What a tenant's night, or somebody, asks of all members: circles, and the review of those who are silent."""

from collections.abc import Sequence

from groups.enums import MemberPassKind
from groups.models import Group, MemberPass
from groups.services.circles import circles_slice
from groups.services.passes import pass_go_on, passes_begin_due
from groups.services.silence import cases_recheck, silence_slice
from tenants.models import Tenant


def members_go_through(*, tenant_id: int) -> None:
    """Begin what is due and finish what is under way. Safe to repeat and in parallel: a slice is done once."""
    tenant = Tenant.objects.get(pk=tenant_id)
    passes_begin_due(tenant=tenant)
    for kind, work in (
        (MemberPassKind.CIRCLES, circles_and_recheck),
        (MemberPassKind.SILENCE, silence_slice),
    ):
        while not pass_go_on(tenant=tenant, kind=kind, work=work):
            pass


def circles_and_recheck(tenant: Tenant, row: MemberPass, groups: Sequence[Group]) -> tuple[int, int]:
    """Every night: circles, and whether those of the review were active since."""
    cases_recheck(tenant, groups)
    return circles_slice(tenant, row, groups)
