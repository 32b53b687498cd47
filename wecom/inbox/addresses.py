"""Callback URL slug -> the app's keys, remembered in each process for a moment.

The hot path must not ask the database for keys with every callback. An entry lives `FRESH_S` seconds; a request
whose signature does not fit makes the process look again, at most once a second and slug, so new keys work at
once and a forger cannot make it look all the time. Secrets stay in memory only, as they do in any process that
uses them.
"""

import threading
import time
from dataclasses import dataclass

from django.db import close_old_connections

from tenants.scoping import unscoped
from wecom.inbox.crypto import Keys
from wecom.models import App

FRESH_S = 30.0
AGAIN_S = 1.0
MOST = 5_000


@dataclass(frozen=True)
class Address:
    """Where a callback belongs and how to read it."""

    tenant_id: int
    app_id: int
    corp_id: str
    keys: Keys
    is_verified: bool
    looked_at: float  # time.monotonic()


_lock = threading.Lock()
_known: dict[str, Address] = {}
_missed: dict[str, float] = {}


def find(slug: str) -> Address | None:
    """The address of a slug, or None for one that does not exist or belongs to a suspended tenant."""
    held = _known.get(slug)
    if held and time.monotonic() - held.looked_at < FRESH_S:
        return held
    if held is None and time.monotonic() - _missed.get(slug, -AGAIN_S) < AGAIN_S:
        return None
    return look(slug)


def remembered(slug: str) -> Address | None:
    """What this process knows of a slug without asking anybody."""
    return _known.get(slug)


def look_again(held: Address, slug: str) -> Address | None:
    """A newer entry than `held`, or None when there is none or it was looked up a moment ago."""
    if time.monotonic() - held.looked_at < AGAIN_S:
        return None
    found = look(slug)
    return found if found and found.keys != held.keys else None


def look(slug: str) -> Address | None:
    """Read the slug's app from the database and remember it."""
    close_old_connections()  # the short way of a callback is no Django request: nobody else checks it
    with unscoped("a callback names its app by slug, before its tenant is known"):
        row = App.objects.filter(slug=slug, tenant__suspended_at=None).first()
    found = _address(row) if row else None
    with _lock:
        if len(_known) + len(_missed) > MOST:
            _known.clear()
            _missed.clear()
        if found:
            _known[slug] = found
        else:
            _known.pop(slug, None)
            _missed[slug] = time.monotonic()
    return found


def forget_all() -> None:
    """Empty this process's memory."""
    with _lock:
        _known.clear()
        _missed.clear()


def _address(row: App) -> Address:
    receive_ids = (row.corp_id, row.suite_id) if row.suite_id else (row.corp_id,)
    return Address(
        tenant_id=row.tenant_id,
        app_id=row.pk,
        corp_id=row.corp_id,
        keys=Keys(token=row.token, aes_key=row.aes_key, receive_ids=receive_ids),
        is_verified=row.verified_at is not None,
        looked_at=time.monotonic(),
    )
