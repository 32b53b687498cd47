"""What a page inside WeCom must know before WeCom's script lets it act (PROTOCOL 3.12).

Two tickets: the corp's (`jsapi`) signs `config`, the app's (`agent_config`) signs `agentConfig`. Each is fetched by
one worker at a time, kept in Valkey for its life, and never asked for more often than WeCom allows.
"""

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from tenants import clock
from wecom.gateway.client import WecomClient
from wecom.models import App


def page_signature(*, ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """The signature of one page; what follows # in `url` is not signed."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.split('#')[0]}"
    return hashlib.sha1(text.encode()).hexdigest()


def is_own_page(url: str, *, origins: Iterable[str], under: str) -> bool:
    """Whether a URL names a page of ours: one of our origins ("https://scrm.example"), below a path.

    A signature lets its page act as the app, so nobody else's page may get one. `..` is refused, not resolved.
    """
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
    except ValueError:
        return False
    steps = parts.path.split("/")
    return (
        origin in {one.lower() for one in origins}
        and "@" not in parts.netloc
        and parts.path.startswith(under)
        and ".." not in steps
        and "\\" not in url
    )


def js_signature(*, app: App, url: str) -> dict[str, Any]:
    """What `ww.register` needs on the page at `url`. May ask WeCom for tickets; raises a WecomError.

    {"corp_id", "agent_id", "timestamp", "nonce", "signature" (config), "agent_signature" (agentConfig)}
    """
    nonce, timestamp = secrets.token_hex(8), int(clock.now().timestamp())
    common: dict[str, Any] = {"nonce": nonce, "timestamp": timestamp, "url": url}
    return {
        "corp_id": app.corp_id,
        "agent_id": app.agent_id,
        "timestamp": timestamp,
        "nonce": nonce,
        "signature": page_signature(ticket=page_ticket(app=app, kind="jsapi"), **common),
        "agent_signature": page_signature(ticket=page_ticket(app=app, kind="agent_config"), **common),
    }


def page_ticket(*, app: App, kind: str) -> str:
    """The present ticket: `jsapi` of the corp or `agent_config` of the app. Many pages at once cause one fetch.

    Raises Retryable when the hourly allowance is used up, and whatever the call raises.
    """
    return WecomClient(app).ticket(kind)
