"""The word that a sign-in carries to WeCom and back: signed, bound to one browser, good once and for ten minutes.

WeCom takes only letters and digits there, at most 128 bytes (document 96714).
"""

import re
import secrets
from datetime import datetime, timedelta

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from tenants import clock

LIFE = timedelta(minutes=10)
KEPT = 5  # sign-ins begun in several tabs
_FORM = re.compile(r"^([0-9a-f]{32})([0-9a-f]{32})$")


def _place(purpose: str, tenant_id: int) -> str:
    return f"states.{purpose}.{tenant_id}"


def _mac(place: str, nonce: str) -> str:
    return salted_hmac(place, nonce, algorithm="sha256").hexdigest()[:32]


def state_issue(request: HttpRequest, *, purpose: str, tenant_id: int, then: str) -> str:
    """A new word; it remembers the page asked for. `purpose` and tenant must be the same when it comes back."""
    place, nonce = _place(purpose, tenant_id), secrets.token_hex(16)
    now = clock.now()
    held = {
        key: entry
        for key, entry in request.session.get(place, {}).items()
        if datetime.fromisoformat(entry["until"]) > now
    }
    kept = dict(list(held.items())[-KEPT + 1 :])
    request.session[place] = {**kept, nonce: {"then": then, "until": (now + LIFE).isoformat()}}
    return nonce + _mac(place, nonce)


def state_take(request: HttpRequest, *, purpose: str, tenant_id: int, state: str) -> str | None:
    """The page a word remembers, once. None for one that is forged, old, used, or was given to another browser."""
    place, found = _place(purpose, tenant_id), _FORM.match(state)
    if found is None or not constant_time_compare(_mac(place, found[1]), found[2]):
        return None
    kept = dict(request.session.get(place, {}))
    entry = kept.pop(found[1], None)
    if entry is None:
        return None
    request.session[place] = kept
    # Two requests at once may both have read the session before either wrote it.
    is_first = cache.add(f"{place}.{found[1]}", 1, timeout=int(LIFE.total_seconds()))
    is_live = datetime.fromisoformat(entry["until"]) > clock.now()
    return str(entry["then"]) if is_first and is_live else None
