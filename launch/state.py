"""What a checkout remembers between starts: ports, passwords, keys."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

from launch.errors import LaunchError
from launch.layout import Layout, not_ours


def read(path: Path) -> dict[str, Any]:
    """Contents of a JSON file, or {} when there is none.

    Raises LaunchError when it belongs to someone else or is not JSON.
    """
    try:
        loaded = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise LaunchError(not_ours(path)) from None
    except ValueError:
        raise LaunchError(f"{path} is damaged: remove it and start again, it will be made anew.") from None
    if not isinstance(loaded, dict):
        raise LaunchError(f"{path} is damaged: remove it and start again, it will be made anew.")
    return loaded


def write(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file in one step, readable by its owner only."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(content, handle, indent=2)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)


def password() -> str:
    """32 characters that need no quoting in a URL, a shell or SQL."""
    return secrets.token_hex(16)


def keys(layout: Layout) -> dict[str, str]:
    """This checkout's SECRET_KEY and field key, made once. A lost field key makes encrypted fields unreadable."""
    kept = read(layout.secrets_file)
    if not {"secret_key", "field_key"} <= set(kept):
        layout.make_local()
        fresh = {
            "secret_key": secrets.token_urlsafe(48),
            "field_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        kept = fresh | kept
        write(layout.secrets_file, kept)
    return kept
