"""Acquisition links as people use them, the balance, and hand-overs that fail: /sim/link/..., /sim/transfer/..."""

from __future__ import annotations

from simulator.human.answers import Action, Body, need
from simulator.runtime import Runtime
from simulator.world import relations
from simulator.world.acquisition import LOW_BALANCE, LinkCustomer
from simulator.world.entities import OwnedThing
from simulator.world.events import emit
from simulator.world.model import Corp
from simulator.world.relations import Refused
from simulator.world.transfers import LIMIT, REFUSED, WAITING, fail

YEAR_S = 365 * 86400
ADDED_BY_LINK = 16
CHANNEL_BYTES = 64


def _tell(corp: Corp, change_type: str, at: float, *fields: tuple[str, object]) -> None:
    emit(
        corp, event="customer_acquisition", change_type=change_type, fields=list(fields), at=at, lane="links"
    )


def _link(corp: Corp, link_id: str) -> OwnedThing:
    thing = corp.owned.get(link_id)
    if thing is None or thing.kind != "link":
        raise Refused("the link does not work any more")
    return thing


def _staff_of(corp: Corp, link: OwnedThing) -> list[str]:
    scope = link.body["range"]
    parties = set(scope.get("department_list") or [])
    named = {userid.lower() for userid in scope.get("user_list") or []}
    return [
        s.userid
        for s in corp.staff.values()
        if s.is_active and (s.userid in named or parties & set(s.departments))
    ]


def _state(channel: str) -> str:
    return channel.encode()[:CHANNEL_BYTES].decode(errors="ignore")


def _visit(corp: Corp, link: OwnedThing, external_userid: str, now: float) -> list[str]:
    """The click is counted. Returns the staff behind the link; raises Refused, and tells, when there is nobody."""
    corp.acquisition.clicks.append((link.id, external_userid, int(now)))
    staff = _staff_of(corp, link)
    if not staff:
        _tell(corp, "link_unavailable", now, ("LinkId", link.id))
        raise Refused("nobody stands behind this link")
    return staff


def open_link(corp: Corp, *, link_id: str, external_userid: str, channel: str, now: float) -> str:
    """The customer opens the link and becomes a friend of one of its staff. Returns who that is."""
    link, state = _link(corp, link_id), _state(channel)
    staff = _visit(corp, link, external_userid, now)
    if corp.acquisition.batches and corp.acquisition.balance == 0:
        raise Refused("the corp has no quota left")
    known = [tie.userid for tie in corp.relations_of_customer(external_userid) if tie.status == "full"]
    userid = next((one for one in staff if one in known), staff[len(corp.acquisition.customers) % len(staff)])
    if userid in known:
        return userid
    if not link.body.get("skip_verify", True):
        _tell(corp, "friend_request", now, ("LinkId", link_id), ("State", state))
    relations.add(
        corp,
        userid=userid,
        external_userid=external_userid,
        at=now,
        now=now,
        add_way=ADDED_BY_LINK,
        state=state,
    )
    corp.acquisition.customers.append(LinkCustomer(link_id, userid, external_userid, state, int(now)))
    _spend(corp, now)
    return userid


def _spend(corp: Corp, now: float) -> None:
    before = corp.acquisition.balance
    corp.acquisition.spend()
    after = corp.acquisition.balance
    if before and not after:
        _tell(corp, "balance_exhausted", now)
    elif before >= LOW_BALANCE > after:
        _tell(corp, "balance_low", now)


async def scan(runtime: Runtime, body: Body) -> Body:
    """A customer opens an acquisition link, with ?customer_channel= as `customer_channel`."""
    corp_id, link_id, who = need(body, "corp_id", "link_id", "external_userid")
    channel = str(body.get("customer_channel") or "")
    corp = runtime.corp(corp_id)
    now = runtime.clock.now()
    return {"userid": open_link(corp, link_id=link_id, external_userid=who, channel=channel, now=now)}


async def look(runtime: Runtime, body: Body) -> Body:
    """A customer looks at the profile behind the link and adds nobody yet: open_profile (some industries only)."""
    corp_id, link_id, who = need(body, "corp_id", "link_id", "external_userid")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    _visit(corp, _link(corp, link_id), who, now)
    _tell(
        corp,
        "open_profile",
        now,
        ("LinkId", link_id),
        ("State", _state(str(body.get("customer_channel") or ""))),
    )
    return {}


async def top_up(runtime: Runtime, body: Body) -> Body:
    """The corp buys more: balance_increased. `expire_in_s` defaults to a year."""
    corp_id, count = need(body, "corp_id", "count")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    expires_at = int(now + float(body.get("expire_in_s") or YEAR_S))
    corp.acquisition.batches.append([expires_at, int(count), int(count)])
    _tell(corp, "balance_increased", now)
    return {"balance": corp.acquisition.balance}


async def expire_soon(runtime: Runtime, body: Body) -> Body:
    """WeCom warns that the oldest batch runs out."""
    (corp_id,) = need(body, "corp_id")
    corp = runtime.corp(corp_id)
    batch = next((one for one in corp.acquisition.batches if one[2] > 0), None)
    if batch is None:
        raise Refused("nothing was bought")
    fields = (("ExpireTime", batch[0]), ("ExpireQuotaNum", batch[2]))
    _tell(corp, "quota_expire_soon", runtime.clock.now(), *fields)
    return {"expires_at": batch[0], "left": batch[2]}


async def delete(runtime: Runtime, body: Body) -> Body:
    """Somebody deletes the link in WeCom's console, which tells the app; deleting by API does not."""
    corp_id, link_id = need(body, "corp_id", "link_id")
    corp = runtime.corp(corp_id)
    del corp.owned[_link(corp, link_id).id]
    _tell(corp, "delete_link", runtime.clock.now(), ("LinkId", link_id))
    return {}


async def transfer_fail(runtime: Runtime, body: Body) -> Body:
    """The customer refuses a hand-over, or the new staff member has too many (customer_limit_exceed)."""
    corp_id, who = need(body, "corp_id", "external_userid")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    reasons = {"customer_refused": REFUSED, "customer_limit_exceed": LIMIT}
    reason = str(body.get("reason") or "customer_refused")
    waiting = [one for one in corp.transfers if one.external_userid == who and one.status == WAITING]
    if reason not in reasons or not waiting:
        raise Refused(
            "no hand-over waits for this customer" if not waiting else f"reason is one of {list(reasons)}"
        )
    fail(corp, waiting[-1], status=reasons[reason], reason=reason, at=now)
    return {"status": waiting[-1].status}


ACTIONS: dict[str, Action] = {
    "link/open": scan,
    "link/look": look,
    "link/delete": delete,
    "link/top-up": top_up,
    "link/expire-soon": expire_soon,
    "transfer/fail": transfer_fail,
}
