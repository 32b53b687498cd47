"""Callbacks of one corp at a rate, in real time, while parts of the product are killed with -9."""

import random
import time
from typing import Any

from demo.company import Company, Plan, company_connect
from demo.people import company_sign_up
from demo.pump import wait_idle
from demo.timepiece import Timepiece
from demo.vendor import Vendor
from smoke.compare import compare
from smoke.stage import Stage
from tenants import clock
from tenants.scoping import tenant_scope
from wecom.services import sync_request

PLAN = Plan(
    "小芽英语", "小芽英语", "storm@qunce.example", "周岚", 12, 60, 6000, 31, overlap=0.0, initial_share=0.3
)
PARTS = ("web", "worker", "beat", "valkey", "postgres")
SHARES = {"duplicate_p": 0.02, "reorder_p": 0.02}
# A part that was killed is back within this; outside of it WeCom is answered within ANSWER_MS.
BACK_WITHIN_S = 8.0
ANSWER_MS = 1000.0
REST_S = 900.0
LOOK_EVERY_S = 5.0  # the simulator counts everything it sent, each time
SLOWEST_DRAIN_PER_S = 25.0  # two cores that carry simulator and engines too manage at least this


class Storm:
    """Plays the storm and judges it. `play` returns what the JSON line says."""

    def __init__(self, on: Stage, *, dice: random.Random, seconds: int, rate: int) -> None:
        self.on, self.dice, self.seconds, self.rate = on, dice, seconds, rate
        self.vendor = Vendor(on.processes.simulator_url)
        self.timepiece = Timepiece(on.folder / "clock")
        self.killed_at: list[tuple[float, str]] = []
        self.rest_s = max(REST_S, rate * seconds / SLOWEST_DRAIN_PER_S)

    def play(self, kill_every_s: int) -> dict[str, Any]:
        self.timepiece.start_at(clock.now())
        company = self._connect()
        bulk = self.vendor.bulk_begin(
            corp_id=company.corp_id,
            kind="mixed",
            count=self.rate * self.seconds,
            rate_per_s=self.rate,
            **SHARES,
        )
        self._kill_until_over(bulk["bulk_id"], kill_every_s)
        self._tell("last deliveries, reconciliation")
        self._come_to_rest(company)
        return self._judge(company, self.vendor.bulk_show(bulk["bulk_id"]))

    def _connect(self) -> Company:
        self._tell("connect a company")
        tenant, owner = company_sign_up(PLAN.name, PLAN.brand, PLAN.email, PLAN.owner_name)
        company = company_connect(
            plan=PLAN, tenant=tenant, owner=owner, vendor=self.vendor, web_url=self.on.processes.web_url
        )
        wait_idle(self.timepiece, REST_S)
        return company

    def _kill_until_over(self, bulk_id: int, every_s: int) -> None:
        next_at = time.monotonic() + every_s
        while not (state := self.vendor.bulk_show(bulk_id))["is_done"]:
            if time.monotonic() >= next_at and state["made"] < state["count"]:
                part = self.dice.choice(PARTS)
                self._tell(f"{state['made']} sent, {state['acked']} taken; kill -9 {part}")
                self.killed_at.append((clock.now().timestamp(), part))
                self.on.kill(part)
                next_at += every_s
            time.sleep(LOOK_EVERY_S)

    def _come_to_rest(self, company: Company) -> None:
        """WeCom would not come a fourth time: the undelivered are what the comparison must find."""
        wait_idle(self.timepiece, self.rest_s)
        with tenant_scope(company.tenant):
            sync_request(company.tenant.pk)
        wait_idle(self.timepiece, self.rest_s)

    def _judge(self, company: Company, bulk: dict[str, Any]) -> dict[str, Any]:
        ledger = self.vendor.ledger(company.corp_id)
        verdict = compare(company.tenant, ledger)
        calm_ms = sorted(self._calm_times(ledger))
        p99_ms = calm_ms[int(0.99 * len(calm_ms))] if calm_ms else 0.0
        found = [
            *(f"lost: {one}" for one in verdict.callbacks_lost[:20]),
            *(f"doubled: {one}" for one in verdict.effects_doubled[:20]),
            *(f"differs: {one}" for one in verdict.differences[:20]),
        ]
        if p99_ms >= ANSWER_MS:
            found.append(f"the p99 of answering is {p99_ms:.0f} ms outside the kills")
        if bulk["made"] < self.rate * self.seconds:
            found.append(f"only {bulk['made']} changes were made")
        return {
            "callbacks_sent": bulk["made"],
            "callbacks_acked": bulk["acked"],
            "callbacks_undelivered": bulk["undelivered"],
            "deliveries": bulk["deliveries"],
            "callbacks_lost": len(verdict.callbacks_lost),
            "effects_doubled": len(verdict.effects_doubled),
            "state_differences": len(verdict.differences),
            "ties_untold": verdict.ties_untold,
            "rate_per_s": self.rate,
            "answer_p99_ms": round(p99_ms, 1),
            "answers_counted": len(calm_ms),
            "kills": self.on.kills,
            "ok": not found,
            "faults_found": found,
        }

    def _calm_times(self, ledger: dict[str, Any]) -> list[float]:
        """Milliseconds of every try that began outside the time a kill needs to heal."""
        return [
            row["ms"]
            for event in ledger["events"]
            for row in event["attempts"]
            if not any(at - 1 <= row["at"] <= at + BACK_WITHIN_S for at, _part in self.killed_at)
        ]

    def _tell(self, line: str) -> None:
        print(f"storm: {line}", flush=True)
