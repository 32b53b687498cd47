"""Callback to effect of a quiet company: alone, beside two healthy neighbours, and beside the same two in trouble.

A real web server, a worker of four processes, beat and the simulator. The neighbours get as many callbacks as the quiet
company, at moments of their own. Then one has a broken secret and one is under 45009, and each has thousands of sends
due that WeCom refuses. The floor is the same traffic beside healthy neighbours: what is shown is what the trouble
changes. Last a third neighbour imports through the event API.
"""

import contextlib
import functools
import itertools
import json
import os
import random
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from benchmarks.load import quantile
from smoke.processes import Processes, free_port
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope, unscoped
from tenants.services import api_key_create, tenant_sign_up
from wecom.enums import AppState
from wecom.models import App, InboundEvent, OutboundSend
from wecom.services import SendDraft, app_connect, send_queue_many

P95 = 0.95
ROUNDS = 4
SECONDS = 20
EVENTS_A_SECOND = 4
DUE_SENDS = 3_000
IMPORT_BATCHES, IMPORT_ITEMS = 40, 500
GROUPS = 20
_P95 = """
select extract(epoch from done_at - received_at) from wecom_inboundevent
where tenant_id = %s and source = 'callback' and state = 'done' and received_at between %s and %s order by 1
"""


@dataclass
class Company:
    """A tenant, its app, and its corp at the simulator."""

    tenant: Tenant
    app: App
    corp: dict[str, Any]
    url: str

    def act(self, name: str, **body: Any) -> None:
        _ask(f"{self.url}/sim/{name}", corp_id=self.app.corp_id, **body)

    def joins_and_leaves(self, count: int, start: int) -> None:
        """`count` callbacks over the time, no two companies in step: people join groups and leave them again."""
        ids = self.corp["ids"]
        dice = random.Random(self.tenant.pk * 1_000_003 + start)
        at_s = sorted(dice.uniform(0, SECONDS) for _ in range(count))
        began = time.monotonic()
        for number, due_s in zip(range(start, start + count), at_s, strict=True):
            time.sleep(max(0.0, due_s - (time.monotonic() - began)))
            chat, person = self.corp["chats"][number // 2 % GROUPS], ids[number // 2 % len(ids)]
            with contextlib.suppress(OSError):  # who sits in the group already joins no second time
                self.act(
                    "group/join" if number % 2 == 0 else "group/leave", chat_id=chat, external_userid=person
                )


@dataclass
class Found:
    """Seconds from callback to effect of the quiet company, sorted, a list for each round."""

    alone: list[list[float]] = field(default_factory=list)
    healthy: list[list[float]] = field(default_factory=list)  # beside two that are well
    troubled: list[list[float]] = field(default_factory=list)  # beside a broken secret and a 45009
    importing: list[list[float]] = field(default_factory=list)


def _ask(address: str, method: str = "POST", **body: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _company(name: str, processes: Processes, *, secret: str = "") -> Company:
    tenant = tenant_sign_up(name=name, owner=User.objects.create_user(f"{name}@bench.example"))
    url, corp_id = processes.simulator_url, f"wwneighbour{tenant.pk}"
    made = _ask(f"{url}/sim/corps", corp_id=corp_id, staff=4, groups=GROUPS, customers=200, seed=tenant.pk)
    with tenant_scope(tenant):
        app = app_connect(
            tenant=tenant,
            corp_id=corp_id,
            agent_id=made["agentid"],
            secret=secret or made["secret"],
            actor=SYSTEM,
        )
        App.objects.filter(pk=app.pk).update(state=AppState.CONNECTED)
    callback = f"{processes.web_url}/wecom/callback/{app.slug}"
    _ask(f"{url}/sim/corps/{corp_id}", "PATCH", callback_url=callback, token=app.token, aes_key=app.aes_key)
    ledger = _ask_ledger(url, corp_id)
    corp = {
        "chats": [one["chat_id"] for one in made["groups"]],
        "owners": [one["owner"] for one in made["groups"]],
        "ids": [one["external_userid"] for one in ledger["customers"]],
    }
    return Company(tenant, app, corp, url)


def _ask_ledger(url: str, corp_id: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/sim/ledger?corp_id={corp_id}", timeout=60) as answer:
        return json.load(answer)


def _queue_sends(company: Company, round_number: int) -> None:
    corp = company.corp
    drafts = [
        SendDraft(
            kind="mass_send",
            key=f"noise:{round_number}:{number}",
            payload={
                "chat_type": "group",
                "sender": corp["owners"][number % GROUPS],
                "chat_ids": [corp["chats"][number % GROUPS]],
                "text": f"第 {number} 条",
            },
        )
        for number in range(DUE_SENDS)
    ]
    with tenant_scope(company.tenant):
        send_queue_many(tenant=company.tenant, sends=drafts)


def _silence(companies: list[Company]) -> None:
    """What is still due of the neighbours is taken away, so that the next phase begins alone."""
    for company in companies:
        with tenant_scope(company.tenant):
            OutboundSend.objects.filter(state__in=["queued", "claimed"]).update(state="cancelled")
            InboundEvent.objects.filter(state__in=["pending", "failed"]).update(state="discarded")


def _phase(quiet: Company, noisy: list[Company], start: int, beside: Any = None) -> list[float]:
    """Seconds from callback to effect of the quiet company's events, sorted."""
    began_at, count = clock.now(), SECONDS * EVENTS_A_SECOND
    threads = [
        threading.Thread(target=one.joins_and_leaves, args=(count, start), daemon=True)
        for one in (quiet, *noisy)
    ]
    if beside:
        threads.append(threading.Thread(target=beside, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads[: 1 + len(noisy)]:
        thread.join()
    ended_at = clock.now()
    time.sleep(2)
    with unscoped("the benchmark reads what it made"), connection.cursor() as cursor:
        cursor.execute(_P95, [quiet.tenant.pk, began_at + timedelta(seconds=1), ended_at])
        found = [float(row[0]) for row in cursor.fetchall()]
    if not found:
        raise RuntimeError(f"only {len(found)} of {count} callbacks had their effect")
    return found


def _import(company: Company, web_url: str, key: str, round_number: int) -> None:
    for batch in range(IMPORT_BATCHES):
        items = [
            {
                "id": f"{round_number}-{batch}-{number}",
                "kind": "lesson",
                "external_userid": company.corp["ids"][number % len(company.corp["ids"])],
                "occurred_at": clock.now().isoformat(),
            }
            for number in range(IMPORT_ITEMS)
        ]
        body = json.dumps({"source": "shop", "items": items}).encode()
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        with contextlib.suppress(OSError):
            urllib.request.urlopen(
                urllib.request.Request(f"{web_url}/api/v1/events", body, head), timeout=30
            ).close()


def _environment(processes_port: int) -> dict[str, str]:
    return {
        "QUNCE_WECOM_API_BASE": f"http://127.0.0.1:{processes_port}",
        "QUNCE_WECOM_OPEN_BASE": f"http://127.0.0.1:{processes_port}",
        "QUNCE_CLOCK_FILE": os.environ["QUNCE_CLOCK_FILE"],
    }


def measure(tenant: Tenant) -> dict[str, Any]:
    """Alternates alone, beside healthy and beside troubled neighbours `ROUNDS` times; all events of a kind count."""
    ports = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(
            folder=Path(folder),
            environment=_environment(ports[1]),
            web_port=ports[0],
            simulator_port=ports[1],
        )
        try:
            processes.start()
            return _measure(processes)
        finally:
            processes.stop()


def _measure(processes: Processes) -> dict[str, Any]:
    quiet, first, second, limited, importer = (
        _company(name, processes) for name in ("quiet", "first", "second", "limited", "importer")
    )
    broken = _company("broken", processes, secret="not-the-secret")
    limit = {"path": "*", "calls": 0, "window_s": 3600}
    _ask(f"{processes.simulator_url}/sim/faults", corp_id=limited.app.corp_id, rate_limit=limit)
    with tenant_scope(importer.tenant):
        _, key = api_key_create(tenant=importer.tenant, name="shop", actor=SYSTEM)
    starts = itertools.count(0, SECONDS * EVENTS_A_SECOND)
    _phase(quiet, [first, second], next(starts))  # groups are read for the first time, processes warm up
    found = Found()
    for number in range(1, ROUNDS + 1):
        found.alone.append(_phase(quiet, [], next(starts)))
        found.healthy.append(_phase(quiet, [first, second], next(starts)))
        for one in (broken, limited):
            _queue_sends(one, number)
        found.troubled.append(_phase(quiet, [broken, limited], next(starts)))
        _silence([broken, limited])
    for number in range(1, ROUNDS + 1):  # last: what an import sets off goes on for a while
        beside = functools.partial(_import, importer, processes.web_url, key, number)
        found.importing.append(_phase(quiet, [], next(starts), beside))
        time.sleep(3)
    return _result(found)


def _ms(rounds: list[list[float]], share: float = P95) -> float:
    """A quantile over the events of all rounds."""
    return round(quantile(sorted(itertools.chain(*rounds)), share) * 1000, 1)


def _result(found: Found) -> dict[str, Any]:
    floor, product = _ms(found.healthy), _ms(found.troubled)
    return {
        "name": "callback to effect beside a broken secret and a 45009",
        "unit": "ms p95",
        "product": product,
        "floor": floor,
        "ratio": round(product / floor, 3),
        "budget": "less than 10% slower than beside two healthy companies",
        "alone_p95_ms": _ms(found.alone),
        "import_p95_ms": _ms(found.importing),
        "median_ms": {name: _ms(rounds, 0.5) for name, rounds in vars(found).items()},
        "healthy_p95_ms": [_ms([one]) for one in found.healthy],
        "troubled_p95_ms": [_ms([one]) for one in found.troubled],
        "events": {name: sum(map(len, rounds)) for name, rounds in vars(found).items()},
        "met": product < 1.1 * floor,
    }
