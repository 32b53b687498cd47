"""A worker process that stands still at a chosen line, so that it can be killed exactly there.

`main` says the process number of its database backend on stdout, then "standing" when it has reached the line (and
stays there), or "done" when its job ended before. Imported when Django stands: see `killing`.
"""

import importlib
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import connection, connections

from outbox import dispatch
from tenants.scoping import tenant_scope


@dataclass(frozen=True)
class Orders:
    """`job` ("module:function") is called once with `named` for the tenant.

    `stand_at` ("module:function") stops the process for good at the `count`-th call of that function: before it
    begins, or with `after`, when it has returned.
    """

    database: str
    wecom_url: str
    tenant_id: int
    job: str
    named: dict[str, Any]
    stand_at: str = ""
    after: bool = False
    count: int = 1

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _stand() -> None:
    _say("standing")
    while True:
        signal.pause()


def _standing(function: Callable[..., Any], orders: Orders) -> Callable[..., Any]:
    calls = 0

    @wraps(function)
    def watched(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == orders.count and not orders.after:
            _stand()
        answer = function(*given, **named)
        if calls == orders.count:
            _stand()
        return answer

    return watched


def _find(name: str) -> tuple[Any, str]:
    module, _, function = name.partition(":")
    return importlib.import_module(module), function


def main() -> None:
    """Carry out the orders given as JSON in the first argument."""
    orders = Orders(**json.loads(sys.argv[1]))
    connections["default"].settings_dict["NAME"] = orders.database
    settings.WECOM_API_BASE = orders.wecom_url
    dispatch._send = lambda task, arguments, countdown_s: (
        None
    )  # what is due lies in rows; nobody reads the broker
    if orders.stand_at:
        module, function = _find(orders.stand_at)
        setattr(module, function, _standing(getattr(module, function), orders))
    module, job = _find(orders.job)
    with tenant_scope(orders.tenant_id):
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            _say(cursor.fetchone()[0])
        getattr(module, job)(tenant_id=orders.tenant_id, **orders.named)
    _say("done")
