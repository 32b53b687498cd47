"""By which door a session was opened, and how far it reaches.

Who links a WeCom account to a login manages one company. Such a sign-in therefore opens that company only, never the
others the same person belongs to, nor the account itself: its password, address and second factor.
"""

from django.http import HttpRequest
from django.urls import ResolverMatch

_KEY = "door.wecom_tenant"
_ACCOUNT = ("account_", "mfa_")
_CLOSED = frozenset({"console_public:company_new", "console_public:invite"})
_OPEN = frozenset({"account_logout"})


def door_keep(request: HttpRequest, tenant_id: int | None) -> None:
    """Remember that WeCom opened the session, for this tenant; None: the person proved a password."""
    if tenant_id is None:
        request.session.pop(_KEY, None)
    else:
        request.session[_KEY] = tenant_id


def door_of(request: HttpRequest) -> int | None:
    """The one tenant that the session reaches, or None for all of the person's."""
    session = getattr(request, "session", None)
    return session.get(_KEY) if session is not None else None


def is_closed(match: ResolverMatch | None) -> bool:
    """Whether a page outside any company is closed to a session that WeCom opened."""
    if match is None:
        return False
    name = match.view_name or ""
    return (
        name in _CLOSED
        or match.app_names[:1] == ["admin"]
        or (name.startswith(_ACCOUNT) and name not in _OPEN)
    )
