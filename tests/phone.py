"""A phone in a staff member's hand: a client whose session WeCom has opened."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore
from django.test import Client

from team.models import Staff
from tenants import clock
from tenants.models import Tenant


def phone_session(tenant: Tenant, staff: Staff) -> str:
    """The key of a session in which this staff member is signed in for a year."""
    store = SessionStore()
    until = clock.now() + timedelta(days=365)
    store[f"phone.{tenant.pk}"] = {"staff_id": staff.pk, "until": until.isoformat()}
    store.save()
    assert store.session_key is not None
    return store.session_key


def hold_phone(tenant: Tenant, staff: Staff, language: str = "en") -> Client:
    """The client of that phone."""
    client = Client(headers={"accept-language": language})
    client.cookies[settings.SESSION_COOKIE_NAME] = phone_session(tenant, staff)
    return client
