"""How allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils import translation

from tenants.doors import door_keep, door_of
from tenants.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is open: it makes a company. A new user keeps the language of the page signed up on."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.language = translation.get_language() or "zh-hans"
        return super().save_user(request, user, form, commit)

    def pre_login(self, request: HttpRequest, user: User, **told: Any) -> Any:
        """Note by which door the person comes: WeCom's reaches one company, a password all of the person's."""
        door_keep(request, (told.get("signal_kwargs") or {}).get("wecom_tenant_id"))
        return super().pre_login(request, user, **told)

    def login(self, request: HttpRequest, user: User) -> None:
        """Django may empty the session here; the door must not open wider by that."""
        tenant_id = door_of(request)
        super().login(request, user)
        door_keep(request, tenant_id)
