"""What customers do when their time comes: join, know the staff, leave, open links, study and buy."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from simulator.population import habits, schedule, shop, traits
from simulator.population.browser import Browser, same_site
from simulator.population.schedule import Act
from simulator.runtime import Runtime
from simulator.world import archiving, codes, groups, relations
from simulator.world.entities import EXTERNAL, Code
from simulator.world.model import Corp, stream
from simulator.world.relations import Refused

CLICK_RETRY_S = 600
ADDRESS = re.compile(r"https?://[^\s<>\"'，。！？、；）】]+")


def _newest(ways: dict[str, Code], matches: Any) -> Code | None:
    found = [way for way in ways.values() if matches(way.body)]
    return found[-1] if found else None


async def join(runtime: Runtime, corp: Corp, act: Act) -> None:
    """Enter the camp's group, by the product's join code when there is one."""
    who, chat_id = act.data["who"], act.data["chat_id"]
    rng = stream("join", corp.seed, who, chat_id)
    now = runtime.clock.now()
    way = _newest(corp.join_ways, lambda body: chat_id in body["chat_id_list"])
    if way is not None and rng.random() < 0.9:
        chat_id = codes.scan_join_way(
            corp, config_id=way.config_id, external_userid=who, at=act.due, now=now
        ).chat_id
    else:
        scene = groups.BY_QR if rng.random() < 0.6 else groups.INVITED
        invitor = corp.groups[chat_id].owner if scene == groups.INVITED else ""
        groups.join(
            corp, chat_id=chat_id, person_ids=[who], at=act.due, now=now, scene=scene, invitor=invitor
        )
    corp.ledger.counts["act:join"] += 1
    if rng.random() < traits.customer(corp, who).adds_staff_p:
        schedule.plan(
            runtime.world,
            due=act.due + traits.log_uniform(rng, 300, 6 * 3600),
            kind="add_staff",
            corp_id=corp.corp_id,
            lane=who,
            slot_s=schedule.JOIN_SLOT_S,
            who=who,
            chat_id=chat_id,
        )


async def add_staff(runtime: Runtime, corp: Corp, act: Act) -> None:
    """Add the group's owner, by a contact code when there is one."""
    who, owner = act.data["who"], corp.groups[act.data["chat_id"]].owner
    rng, now = stream("add", corp.seed, who, owner), runtime.clock.now()
    way = _newest(corp.contact_ways, lambda body: owner in (body.get("user") or []))
    if way is not None and rng.random() < 0.7:
        codes.scan_contact_way(corp, config_id=way.config_id, external_userid=who, at=act.due, now=now)
    else:
        relations.add(corp, userid=owner, external_userid=who, at=act.due, now=now, add_way=4)
    corp.ledger.counts["act:add_staff"] += 1


async def leave(runtime: Runtime, corp: Corp, act: Act) -> None:
    """Leave every group of the camp; some drop the staff member too."""
    who, now = act.data["who"], runtime.clock.now()
    rng = stream("gone", corp.seed, who)
    for chat_id in act.data["chat_ids"]:
        if who in corp.groups[chat_id].members:
            groups.leave(corp, chat_id=chat_id, person_ids=[who], at=act.due, now=now)
            corp.ledger.counts["act:leave"] += 1
    for tie in corp.relations_of_customer(who):
        if tie.status == "full" and rng.random() < 0.3:
            relations.customer_deletes(corp, userid=tie.userid, external_userid=who, at=act.due)


async def behave(runtime: Runtime, corp: Corp, act: Act) -> None:
    """One deed in the shop or course system; words are heard there too, unless the archive tells of them."""
    who, deed, chat_id = act.data["who"], act.data["deed"], act.data["chat_id"]
    in_group = bool(chat_id) and who in corp.groups[chat_id].members
    if not in_group and deed.kind not in ("order", "refund", "pay_click"):
        return
    is_archived = False
    if deed.in_group and in_group:
        message = groups.post(corp, chat_id=chat_id, sender=who, at=act.data["at"], text=deed.text)
        is_archived = bool(message.get("msgid"))
    elif deed.kind == "message":
        is_archived = _ask_in_private(corp, who, corp.groups[chat_id].owner, act.data["at"], deed.text)
    if is_archived:
        return
    shop.note(
        corp,
        camp_id=act.data["camp_id"],
        external_userid=who,
        chat_id=chat_id if in_group else "",
        deed=deed,
        at=act.data["at"],
        number=act.data["number"],
    )


def _ask_in_private(corp: Corp, who: str, userid: str, at: float, text: str) -> bool:
    """Returns whether the archive holds the question."""
    tie = corp.relations.get((userid, who))
    if tie is None or tie.status != "full":
        return False
    tie.talked_at = int(at)
    msgid = archiving.private_message(corp, who, userid, at, "text", {"content": text})
    answer = {"content": "您好，我看一下，稍后回复您"}
    archiving.private_message(corp, userid, who, at + 90, "text", answer)
    return bool(msgid)


async def click(runtime: Runtime, corp: Corp, act: Act) -> None:
    """Open a link of the product found in a message."""
    who = act.data["who"]
    page = await Browser(runtime, corp, who).open(act.data["url"])
    corp.ledger.counts["act:click"] += 1
    if not page.ok:
        corp.ledger.counts["act:click_failed"] += 1
        detail = f"{act.data['url']} ended at {page.url}: {page.status} {page.text[:120]}"
        corp.ledger.product_error(at=runtime.clock.now(), what="customer opens link", detail=detail)
        if page.is_down and not act.data.get("again"):
            again = {**act.data, "again": True}
            due = runtime.clock.now() + CLICK_RETRY_S
            schedule.plan(
                runtime.world, due=due, kind="click", corp_id=corp.corp_id, lane=who, slot_s=600, **again
            )


def radar_links(corp: Corp, message: dict[str, Any]) -> list[str]:
    """The product's tracked links (/r/...) in a message's text and link cards."""
    found = ADDRESS.findall(message["text"])
    found += [(attachment.get("link") or {}).get("url", "") for attachment in message["attachments"]]
    return [url for url in dict.fromkeys(found) if is_radar(corp, url)]


def is_radar(corp: Corp, url: str) -> bool:
    """Whether this is a tracked link of the product."""
    return urlsplit(url).path.startswith("/r/") and same_site(url, corp.product_base_url)


def _awake(corp: Corp, at: float, who: traits.Customer) -> float:
    """The moment itself, or the next morning when it falls into the night."""
    hour = habits.local_hour(at, corp.timezone)
    if hour >= who.sleeps_at:
        return at + (24 - hour + who.wakes_at) * 3600
    return at + (who.wakes_at - hour) * 3600 if hour < who.wakes_at else at


def plan_clicks(
    runtime: Runtime, corp: Corp, message: dict[str, Any], readers: list[str], number: str
) -> None:
    """Decide who of the readers will open the links of a message, and when."""
    links = radar_links(corp, message)
    if not links:
        return
    for who in readers:
        nature = traits.customer(corp, who)
        rng = stream("click", corp.seed, who, number)
        if rng.random() >= nature.click_p:
            continue
        due = _awake(corp, message["at"] + traits.log_uniform(rng, 60, 8 * 3600), nature)
        schedule.plan(
            runtime.world,
            due=due,
            kind="click",
            corp_id=corp.corp_id,
            lane=who,
            slot_s=schedule.PASSIVE_SLOT_S,
            who=who,
            url=rng.choice(links),
        )


def sees_group_message(runtime: Runtime, corp: Corp, chat_id: str, index: int) -> None:
    """A new message in a group: its customers may open what it links to."""
    group = corp.groups[chat_id]
    readers = [member.id for member in group.members.values() if member.type == EXTERNAL]
    plan_clicks(runtime, corp, group.messages[index], readers, f"{chat_id}|{index}")


def sees_private_message(runtime: Runtime, corp: Corp, external_userid: str, index: int) -> None:
    """A new private message: the customer may open what it links to."""
    message = corp.customers[external_userid].inbox[index]
    plan_clicks(runtime, corp, message, [external_userid], f"inbox|{index}")


def home_of(corp: Corp, external_userid: str) -> str:
    """The group this customer belongs to by the seed. Raises Refused when there is none."""
    home = corp.people.get(external_userid, {}).get("home")
    if not home:
        raise Refused("this customer has no group")
    return str(home)
