"""How allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils import translation

from tenants.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is open: it makes a company. A new user keeps the language of the page signed up on."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.language = translation.get_language() or "zh-hans"
        return super().save_user(request, user, form, commit)
