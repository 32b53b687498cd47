"""Which staff member a visitor is: by the console login, or by WeCom's word."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

from team.errors import SignInRefused
from team.models import Staff
from team.selectors import staff_by_userid, staff_for_user
from wecom.errors import Retryable, Stopped, UnknownOutcome, WecomError
from wecom.selectors import oauth_identity

if TYPE_CHECKING:
    from wecom.models import App


def own_staff(request: HttpRequest) -> Staff | None:
    """The staff member linked to the visitor's login, or None. Asked once a request, however many parts need it."""
    if not hasattr(request, "own_staff"):
        tenant_id = request.tenant.pk  # type: ignore[attr-defined]
        request.own_staff = staff_for_user(tenant_id=tenant_id, user_id=request.user.pk or 0)  # type: ignore[attr-defined]
    return request.own_staff  # type: ignore[attr-defined, no-any-return]


def staff_by_code(*, app: "App", code: str) -> Staff:
    """The active staff member whom WeCom's one-time code names. Needs the tenant's scope.

    Raises SignInRefused: `declined` without a code, `used` (40029), `unreachable`, `unconnected`, `customer`,
    `outsider` (another company's), `stranger` (not on our list), `left`.
    """
    if not code:
        raise SignInRefused("declined")
    try:
        who = oauth_identity(app=app, code=code)
    except Stopped as error:
        raise SignInRefused("unconnected") from error
    except (Retryable, UnknownOutcome) as error:
        raise SignInRefused("unreachable") from error
    except WecomError as error:
        raise SignInRefused("used" if error.code in (40029, 42007) else "unreachable") from error
    if not who.userid:
        raise SignInRefused("customer" if who.external_userid else "outsider")
    if "/" in who.userid:  # "CorpId/userid": a member of a connected company (document 91023)
        raise SignInRefused("outsider")
    staff = staff_by_userid(tenant_id=app.tenant_id, userid=who.userid, app_id=app.pk)
    if staff is None:
        raise SignInRefused("stranger")
    if not staff.is_active:
        raise SignInRefused("left")
    return staff
