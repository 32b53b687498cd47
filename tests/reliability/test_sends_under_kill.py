"""kill -9 of workers at every line between claim, call and record: a mass send happens once or is asked about."""

from collections import Counter

import pytest
from django.db import transaction

from tenants import clock
from tenants.scoping import tenant_scope
from tests.reliability import killing
from tests.simulated import simulator, simulator_process  # noqa: F401
from tests.wecom.conftest import _clean_door, make_app  # noqa: F401
from wecom import services
from wecom.models import OutboundSend
from wecom.sending import outbound

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SENDS = 12
OUTBOUND = "wecom.sending.outbound"
# (function, after it, at which call): the second and third time, so that workers also get something done.
KILLS = [
    ("claim_next", True, 1),
    ("deliver", False, 2),
    ("_record", False, 1),
    ("_record", False, 3),
    ("finish", True, 2),  # inside the transaction that records
    ("_record", True, 2),
]


def test_killed_workers_double_nothing_and_forget_nothing(tenant, simulator):  # noqa: F811
    corp = simulator.corp()
    simulator.set_time(clock.now())
    make_app(tenant, corp_id=corp["corp_id"], agent_id=corp["agentid"], secret=corp["secret"], slug="kill")
    group = corp["groups"][0]
    drafts = [
        services.SendDraft(
            kind="mass_send",
            key=f"k{n}",
            payload={
                "chat_type": "group",
                "sender": group["owner"],
                "chat_ids": [group["chat_id"]],
                "text": f"第 {n} 条",
            },
        )
        for n in range(SENDS)
    ]
    with tenant_scope(tenant), transaction.atomic():
        services.send_queue_many(tenant=tenant, sends=drafts)
    with tenant_scope(tenant):
        for function, after, count in KILLS:
            assert killing.kill_at(
                f"{OUTBOUND}:{function}",
                after=after,
                count=count,
                tenant_id=tenant.pk,
                job=f"{OUTBOUND}:drain",
            ), function
            killing.leases_end("wecom_outboundsend")
        for _ in range(3):
            outbound.drain(tenant_id=tenant.pk)
        rows = list(OutboundSend.objects.values_list("state", "vendor_id"))
    ledger = simulator.ask("GET", f"/sim/ledger?corp_id={corp['corp_id']}")
    made = {one["msgid"] for one in ledger["mass_sends"]}
    alike = Counter(one["content_hash"] for one in ledger["mass_sends"])
    known = [vendor_id for state, vendor_id in rows if state == "done"]
    assert max(alike.values()) == 1  # every text was made at most once
    assert {state for state, _ in rows} <= {"done", "unknown"}
    assert len(set(known)) == len(known)
    assert set(known) <= made
    assert len(made) <= SENDS
    assert len(known) > SENDS // 2
