"""A corp of the simulator inside the test's process: its truth, its events, its answers. The vendor's edge only."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contacts.models import Behaviour
from groups.handlers import on_external_chat, sync_groups
from groups.models import Member
from outbox import dispatch
from outbox.contracts import DomainEvent
from outbox.models import EventRow
from simulator.world import groups as acts
from simulator.world.entities import EXTERNAL, WECHAT, Customer, Staff
from simulator.world.model import Corp
from tenants import clock
from tests.factories.team import make_staff
from wecom.errors import Permanent
from wecom.inbox.envelope import parse_inner
from wecom.inbox.ingest import Inbound
from wecom.models import App
from wecom.reading.sync import Progress

OWNER = "zhoulan"
STAFF = (OWNER, "linxiao", "hejing")


@dataclass
class Vendor:
    """One corp and the client that asks it. `calls` counts what the product asked."""

    app: App
    corp: Corp
    calls: list[str] = field(default_factory=list)

    def add_customers(self, count: int) -> list[str]:
        ids = [f"wm{len(self.corp.customers) + number:06d}" for number in range(count)]
        for one in ids:
            self.corp.customers[one] = Customer(
                one, f"客户 {one}", WECHAT, 2, f"union-{one}", f"open-{one}", ""
            )
        return ids

    def group(self, *, at: datetime, members: list[str] | None = None, name: str = "小芽英语启蒙01群") -> str:
        """A group with its owner, and `members` invited with it."""
        made = acts.create(self.corp, owner=OWNER, name=name, at=at.timestamp())
        if members:
            acts.join(
                self.corp, chat_id=made.chat_id, person_ids=members, at=at.timestamp(), now=at.timestamp()
            )
        return made.chat_id

    def join(self, chat_id: str, people: list[str], at: datetime, *, scene: int = 3) -> None:
        acts.join(
            self.corp, chat_id=chat_id, person_ids=people, at=at.timestamp(), now=at.timestamp(), scene=scene
        )

    def leave(self, chat_id: str, people: list[str], at: datetime, *, by: str = "") -> None:
        acts.leave(
            self.corp, chat_id=chat_id, person_ids=people, at=at.timestamp(), now=at.timestamp(), by=by
        )

    def take_events(self) -> list[Inbound]:
        """What the corp has called back since the last time, as wecom's ingest hands it on."""
        return list(self._inbound())

    def _inbound(self) -> Iterator[Inbound]:
        for event in self.corp.ledger.take_pending():
            inner = parse_inner(event.plaintext)
            yield Inbound(
                tenant_id=self.app.tenant_id,
                app_id=self.app.pk,
                event=inner.event,
                change_type=inner.change_type,
                occurred_at=inner.occurred_at or clock.now(),
                corp_id=inner.corp_id,
                fields=inner.fields,
            )

    def present(self, chat_id: str) -> set[str]:
        """Who really sits in the group."""
        return set(self.corp.groups[chat_id].members)

    def call(self, name: str, **values: Any) -> dict[str, Any]:
        self.calls.append(name)
        if name != "groupchat_get":
            raise AssertionError(f"not expected here: {name}")
        group = self.corp.groups.get(values["chat_id"])
        if group is None or group.dismissed:
            raise Permanent("no such chat", code=86003, path=name)
        view = acts.view_for_api(self.corp, group, clock.now().timestamp())
        return {
            "group_chat": {
                **view,
                "admin_list": [],
                "member_list": [self._row(one) for one in view["members"]],
            }
        }

    def pages(self, name: str, items: str, **values: Any) -> Iterator[dict[str, Any]]:
        self.calls.append(name)
        for group in self.corp.groups.values():
            if not group.dismissed:
                yield {"chat_id": group.chat_id, "status": 0}

    def _row(self, member: dict[str, Any]) -> dict[str, Any]:
        row = {key: member[key] for key in ("type", "join_time", "join_scene", "state")}
        row |= {"userid": member["id"], "group_nickname": member["nickname"]}
        if member["invitor"]:
            row["invitor"] = {"userid": member["invitor"]}
        if member["type"] == EXTERNAL:
            person = self.corp.customers[member["id"]]
            return row | {"name": person.name, "unionid": person.unionid}
        return row | {"name": self.corp.staff[member["id"]].name}


def make_vendor(app: App) -> Vendor:
    """A corp with three staff, known on both sides."""
    corp = Corp(corp_id=app.corp_id, name="小芽英语", seed=1)
    corp.callback.url = "http://127.0.0.1/never-called"
    for userid in STAFF:
        corp.staff[userid] = Staff(userid, userid, [1])
        make_staff(tenant=app.tenant, app=app, userid=userid, name=userid)
    return Vendor(app, corp)


def deliver(events: list[Inbound]) -> None:
    for event in events:
        on_external_chat(event)


def read_everything(vendor: Vendor, *, began_at: datetime | None = None) -> int:
    """One comparison of every group; returns how many changes nobody had told."""
    progress = Progress(tenant_id=vendor.app.tenant_id, what="groups", began_at=began_at)
    return sync_groups(vendor.app.tenant_id, progress)


def present(chat_id: str) -> set[str]:
    """Who sits in the group by our rows."""
    return set(Member.objects.filter(group__chat_id=chat_id, left_at=None).values_list("userid", flat=True))


def statements(captured: Any) -> list[str]:
    """Savepoints and copies for other apps' handlers apart."""
    apart = ("SAVEPOINT", "RELEASE", 'INSERT INTO "outbox_delivery"')
    return [one["sql"][:160] for one in captured if not one["sql"].startswith(apart)]


def told(event_class: type[DomainEvent]) -> list[int]:
    """How many customers each published event of this kind names."""
    rows = EventRow.objects.filter(name=event_class.name).order_by("pk")
    return [len(row.payload["customer_ids"]) for row in rows]


def behaviours() -> Counter[Any]:
    rows = Behaviour.objects.order_by("pk").values_list("kind", "external_userid")
    return Counter(rows)


def tasks_asked(callbacks: Iterable[Any]) -> list[tuple[str, dict[str, Any], float | None]]:
    """(name, arguments, pause in seconds) of the tasks handed over at commit; what else waits for it is left out."""
    return [one.args for one in callbacks if getattr(one, "func", None) is dispatch._send]
