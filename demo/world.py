"""The demo's world: who is in it, and three weeks of its life."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as wall
from pathlib import Path

from demo import people
from demo.camp import camp_begin
from demo.company import Company, Plan, company_connect
from demo.days import CAMP_DAY, Days
from demo.groups import groups_open, names_give
from demo.pump import live_until, settle
from demo.reach import codes_make
from demo.timepiece import Timepiece
from demo.vendor import Vendor
from groups.selectors import group_list
from team.services import staff_link_member
from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tenants.selectors import member_list

PLANNING_GROUPS = 2  # one becomes a flash group, one is left for the visitor to answer the six questions


@dataclass(frozen=True)
class Size:
    groups: int
    customers: int
    staff: int


SIZES = {"small": Size(6, 300, 8), "medium": Size(13, 1000, 14), "large": Size(41, 4000, 30)}


class World:
    """Makes the world once. `make` is safe to repeat."""

    def __init__(
        self, *, size: str, folder: Path, web_url: str, simulator_url: str, say: Callable[[str], None]
    ) -> None:
        self.size = SIZES[size]
        self.mark = folder / "demo-world.json"
        self.web_url = web_url
        self.vendor = Vendor(simulator_url)
        self.timepiece = Timepiece(folder / "clock")
        self.say = say
        self.began = time.monotonic()

    def make(self) -> None:
        """Live through the weeks unless that was done, then show the logins."""
        if not self.mark.exists():
            self._put_aside()
            self._live()
            self.mark.write_text(json.dumps({"made_at": datetime.now().astimezone().isoformat()}))
        self.timepiece.return_to_present()
        self._show_logins()

    def _put_aside(self) -> None:
        """Companies of an interrupted attempt are suspended: they cost nothing and nobody can enter them."""
        names = [plan.name for plan in self._plans()]
        Tenant.objects.filter(name__in=names, suspended_at=None).update(suspended_at=clock.now())

    def _plans(self) -> list[Plan]:
        named = people.LOGINS[0].email, people.LOGINS[0].name
        return [
            Plan("小芽英语", "小芽英语", *named, self.size.staff, self.size.groups, self.size.customers, 21, 0.0),
            Plan("青禾家装", "青禾", *named, 5, 2, 60, 22),
        ]  # fmt: skip

    def _live(self) -> None:
        today = clock.local_date(datetime.now().astimezone(), "Asia/Shanghai")
        first_day = today - timedelta(days=CAMP_DAY - 1)
        people.platform_user_make()
        self.timepiece.start_at(clock.at_local(first_day - timedelta(days=1), wall(9), "Asia/Shanghai"))
        companies = [self._company(plan) for plan in self._plans()]
        camp = companies[0]
        people.colleagues_invite(camp.tenant, camp.owner)
        self._tell("companies are connected, their groups and customers are read")
        settle(self.vendor, self.timepiece)
        for company in companies:
            names_give(company, self.vendor)
        settle(self.vendor, self.timepiece)
        self._link_staff(camp)
        self._tell("groups answer the six questions; the 30-day camp begins")
        group_ids = groups_open(camp, first_day, leave=PLANNING_GROUPS)
        group_welcome_id = codes_make(camp)
        camp_begin(camp, self.vendor, starts_on=first_day, group_ids=group_ids, name="启蒙营第6期")
        days = Days(camp, self.vendor, first_day, group_welcome_id, self._tell)
        live_until(
            datetime.now().astimezone(), vendor=self.vendor, timepiece=self.timepiece, at_step=days.step
        )

    def _company(self, plan: Plan) -> Company:
        tenant, owner = people.company_sign_up(plan.name, plan.brand, plan.email, plan.owner_name)
        return company_connect(
            plan=plan, tenant=tenant, owner=owner, vendor=self.vendor, web_url=self.web_url
        )

    def _link_staff(self, company: Company) -> None:
        """The operator and the sales login are two of the group owners, so that Today is theirs."""
        tenant = company.tenant
        with tenant_scope(tenant):
            owners = {
                group.owner_id: None
                for group in group_list(tenant_id=tenant.pk).order_by("name")
                if group.owner_id is not None
            }
            members = {row.role: row.pk for row in member_list(tenant=tenant)}
            for staff_id, role in zip(owners, ("operator", "sales"), strict=False):
                staff_link_member(
                    tenant=tenant, staff_id=staff_id, member_id=members[role], actor=company.owner
                )

    def _tell(self, line: str) -> None:
        self.say(f"  {time.monotonic() - self.began:5.0f} s  {line}")

    def _show_logins(self) -> None:
        self.say(f"\nPassword of every login: {people.PASSWORD}")
        for login in people.LOGINS:
            self.say(f"  {login.role:<9} {login.email}  {login.name}")
        self.say(f"  {'platform':<9} {people.PLATFORM}  {self.web_url}/admin/")
