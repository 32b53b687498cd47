"""Three companies live through a 33-day camp while parts of the product are killed."""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from demo.camp import camp_begin
from demo.company import Company, Plan, company_connect
from demo.errands import Errands
from demo.groups import groups_open, names_give
from demo.office import day_at_the_desk, screenshots_review
from demo.people import company_sign_up
from demo.pump import live_until, settle
from demo.timepiece import Timepiece
from demo.vendor import Vendor
from demo.work import work_due
from smoke import report
from smoke.compare import Verdict, compare
from smoke.isolation import cross_tenant_rows
from smoke.stage import Stage
from tenants import clock
from tenants.scoping import tenant_scope
from wecom.services import sync_request

ZONE = "Asia/Shanghai"
FIRST_DAY = date(2026, 3, 3)
SHARES: dict[str, Any] = {"overlap": 0.1, "initial_share": 0.8, "leads_a_visit": 12}
PLANS = (
    Plan("小芽英语", "小芽英语", "smoke-a@qunce.example", "周岚", 12, 9, 820, 11, **SHARES),
    Plan("青禾家装", "青禾", "smoke-b@qunce.example", "陈禾", 10, 8, 700, 12, **SHARES),
    Plan("向阳书店", "向阳书店", "smoke-c@qunce.example", "吴桐", 9, 8, 700, 13, **SHARES),
)
FAULTS = {
    "duplicate_p": 0.05,
    "reorder_p": 0.05,
    "busy_p": 0.01,
    "shop_duplicate_p": 0.03,
    "shop_late_p": 0.03,
}
DESK_HOURS = (10, 17)
KILLS_ON_DAYS = {5: "worker", 22: "worker"}


class Story:
    """Plays the camp and judges it. `play` returns what the JSON line says."""

    def __init__(self, on: Stage, *, dice: random.Random, days: int) -> None:
        self.on = on
        self.processes = on.processes
        self.dice = dice
        self.days = days
        self.vendor = Vendor(on.processes.simulator_url)
        self.timepiece = Timepiece(on.folder / "clock")
        self.companies: list[Company] = []
        self.run_ids: dict[int, int] = {}
        self.done_once: set[str] = set()
        self.errands = Errands(len(PLANS))

    def play(self) -> dict[str, Any]:
        self.timepiece.start_at(clock.at_local(FIRST_DAY - timedelta(days=1), time(9), ZONE))
        self._tell("connect three companies")
        self._connect()
        self._tell("groups pass the readiness gate, camps begin")
        self._begin()
        self.vendor.faults_set(**FAULTS)
        end = clock.at_local(FIRST_DAY + timedelta(days=self.days), time(12), ZONE)
        live_until(
            end, vendor=self.vendor, timepiece=self.timepiece, at_step=self._step, errands=self.errands
        )
        self._tell("faults off, last deliveries, reconciliation")
        self._come_to_rest()
        return self._judge()

    def _connect(self) -> None:
        for plan in PLANS:
            tenant, owner = company_sign_up(plan.name, plan.brand, plan.email, plan.owner_name)
            self.companies.append(
                company_connect(
                    plan=plan, tenant=tenant, owner=owner, vendor=self.vendor, web_url=self.processes.web_url
                )
            )
        settle(self.vendor, self.timepiece)
        for company in self.companies:
            names_give(company, self.vendor)
        settle(self.vendor, self.timepiece)

    def _begin(self) -> None:
        for company in self.companies:
            group_ids = groups_open(company, FIRST_DAY)
            self.run_ids[company.tenant.pk] = camp_begin(
                company, self.vendor, starts_on=FIRST_DAY, group_ids=group_ids, name="启蒙营第6期"
            )
        settle(self.vendor, self.timepiece)

    def _step(self, now: datetime) -> None:
        local = clock.local(now, ZONE)
        day = (local.date() - FIRST_DAY).days + 1
        self._once(f"tell {day}", lambda: self._tell(f"camp day {day}: {work_due(now)}"))
        for hour in DESK_HOURS:
            if local.hour >= hour:
                self._once(f"desk {day} {hour}", lambda: self._desk(now))
        if day in KILLS_ON_DAYS and local.hour >= 9:
            self._once(f"kill {day}", lambda: self.processes.kill(KILLS_ON_DAYS[day]))
        if day == 12 and local.hour >= 12:
            self._once("tokens", lambda: [self.vendor.tokens_revoke(one.corp_id) for one in self.companies])
        if day == 15 and local.hour >= 9:
            self._once("busy", lambda: self._limit(True))
        if day == 16:
            self._once("calm", lambda: self._limit(False))
        if self.on.engines is not None:
            self._once(f"chaos {day} {local.hour // 6}", self._chaos)

    def _desk(self, now: datetime) -> None:
        """Each company at its own desk, while its customers and staff live on."""
        for company in self.companies:
            self.errands.begin(_day_at_the_desk, company, now)

    def _once(self, name: str, act: Callable[[], Any]) -> None:
        if name not in self.done_once:
            self.done_once.add(name)
            act()

    def _limit(self, on: bool) -> None:
        """A day of 45009 now and then, and bursts of "system busy"."""
        limit = {"path": "*", "calls": 40, "window_s": 60} if on else {}
        self.vendor.faults_set(rate_limit=limit, busy_next=6 if on else 0)

    def _chaos(self) -> None:
        part = self.dice.choice(["web", "worker", "beat", "valkey", "postgres"])
        self._tell(f"kill -9 {part}")
        self.errands.finish()  # they are not what is killed
        self.on.kill(part)

    def _come_to_rest(self) -> None:
        self.vendor.faults_set(**dict.fromkeys(FAULTS, 0))
        self.vendor.redeliver()
        settle(self.vendor, self.timepiece)
        for company in self.companies:
            with tenant_scope(company.tenant):
                sync_request(company.tenant.pk)
        settle(self.vendor, self.timepiece)

    def _judge(self) -> dict[str, Any]:
        verdict = Verdict()
        for company in self.companies:
            verdict.add(compare(company.tenant, self.vendor.ledger(company.corp_id)))
        figures = report.figures(self.companies, self.run_ids, clock.now())
        figures |= {
            "callbacks_sent": verdict.callbacks_sent,
            "callbacks_lost": len(verdict.callbacks_lost),
            "effects_doubled": len(verdict.effects_doubled),
            "cross_tenant_rows": cross_tenant_rows(),
            "kills": self.on.kills,
        }
        found = [
            *(f"lost: {one}" for one in verdict.callbacks_lost[:20]),
            *(f"doubled: {one}" for one in verdict.effects_doubled[:20]),
            *(f"differs: {one}" for one in verdict.differences[:20]),
            *report.missing(figures),
        ]
        if figures["cross_tenant_rows"]:
            found.append(f"{figures['cross_tenant_rows']} rows crossed between companies")
        return {**figures, "ok": not found, "faults_found": found}

    def _tell(self, line: str) -> None:
        print(f"smoke: {line}", flush=True)


def _day_at_the_desk(company: Company, now: datetime) -> None:
    day_at_the_desk(company, now)
    screenshots_review(company)
