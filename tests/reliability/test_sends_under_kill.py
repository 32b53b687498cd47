"""kill -9 of workers at any line between claim, call and record: a mass send happens once or is asked about."""

import os
import random
import subprocess
import sys
import textwrap
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection, transaction

from tenants import clock
from tenants.scoping import tenant_scope
from tests.simulated import simulator, simulator_process  # noqa: F401
from tests.wecom.conftest import _clean_door, make_app  # noqa: F401
from wecom import services
from wecom.models import OutboundSend
from wecom.sending import outbound

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SENDS, KILLS = 12, 6
WORKER = """
    import os, random, sys, time, django
    django.setup()
    from django.conf import settings
    from django.db import connections
    connections["default"].settings_dict["NAME"] = os.environ["QUNCE_TEST_DATABASE_NAME"]
    settings.WECOM_API_BASE = sys.argv[2]
    from tenants.scoping import tenant_scope
    from wecom.sending import outbound
    dice = random.Random(int(sys.argv[3]))
    def late(function):
        def slowly(*given, **named):
            time.sleep(dice.uniform(0, 0.15))
            answer = function(*given, **named)
            time.sleep(dice.uniform(0, 0.15))
            return answer
        return slowly
    for name in ("claim_next", "deliver", "_record"):
        setattr(outbound, name, late(getattr(outbound, name)))
    print("ready", flush=True)
    with tenant_scope(int(sys.argv[1])):
        while True:
            outbound.drain(tenant_id=int(sys.argv[1]))
            time.sleep(0.02)
"""


def start_worker(tenant, url, seed):
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), str(tenant.pk), url, str(seed)],
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrm.settings.test"},
    )
    assert worker.stdout.readline() == b"ready\n"
    return worker


def end_leases(tenant):
    with tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute("update wecom_outboundsend set leased_until = clock_timestamp() - interval '1 second'")


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
    dice = random.Random(7)
    for kill in range(KILLS):
        worker = start_worker(tenant, simulator.url, kill)
        time.sleep(dice.uniform(0.1, 0.6))
        worker.kill()
        worker.wait(10)
        end_leases(tenant)
    with tenant_scope(tenant):
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
