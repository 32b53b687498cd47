"""Which staff member the visitor of a console page is."""

from django.http import HttpRequest

from team.models import Staff
from team.selectors import staff_for_user


def own_staff(request: HttpRequest) -> Staff | None:
    """The staff member linked to the visitor's login, or None. Asked once a request, however many parts need it."""
    if not hasattr(request, "own_staff"):
        tenant_id = request.tenant.pk  # type: ignore[attr-defined]
        request.own_staff = staff_for_user(tenant_id=tenant_id, user_id=request.user.pk or 0)  # type: ignore[attr-defined]
    return request.own_staff  # type: ignore[attr-defined, no-any-return]
