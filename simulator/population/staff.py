"""What staff do: confirm mass sends in their client, read app messages, forward and confirm in the product."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from simulator.human.shown import links_of
from simulator.population import habits, schedule, traits
from simulator.population.browser import Browser, Document, Form, Page, joined, read
from simulator.population.customers import ADDRESS, is_radar
from simulator.population.schedule import Act
from simulator.runtime import Runtime
from simulator.world import groups, mass_send
from simulator.world.entities import Group
from simulator.world.model import Corp, stream
from simulator.world.relations import Refused

RETRY_S = 600
TRIES = 4
PAGES_FOLLOWED = 12
TASK_PAGE = re.compile(r"/m/[^/]+/send/\d+/?$")


def _awake(corp: Corp, at: float, who: traits.StaffHabits) -> float:
    hour = habits.local_hour(at, corp.timezone)
    if hour >= who.sleeps_at:
        return at + (24 - hour + who.wakes_at) * 3600
    return at + (who.wakes_at - hour) * 3600 if hour < who.wakes_at else at


def plan_mass_task(runtime: Runtime, corp: Corp, key: str, at: float, *, reminded: bool) -> None:
    """Decide when the staff member will confirm: soon, late, only after a reminder, or never."""
    msgid, userid = key.split("|")
    if userid in corp.manual_staff:
        return
    who = traits.staff(corp, userid)
    rng = stream("mass", corp.seed, userid, msgid, "reminded" if reminded else "")
    roll = rng.random()
    if reminded:
        delay = rng.uniform(300, 2400) if roll < 0.75 else None
    elif roll < who.prompt_p:
        delay = rng.uniform(180, 2700)
    elif roll < who.prompt_p + who.late_p:
        delay = rng.uniform(7200, 8 * 3600)
    else:
        delay = None
    if delay is None:
        corp.ledger.counts["act:mass_task_ignored"] += 1
        return
    schedule.plan(
        runtime.world,
        due=_awake(corp, at + delay, who),
        kind="confirm_mass",
        corp_id=corp.corp_id,
        lane=userid,
        slot_s=schedule.STAFF_SLOT_S,
        msgid=msgid,
        userid=userid,
    )


async def confirm_mass(runtime: Runtime, corp: Corp, act: Act) -> None:
    """Tap send in the client; a cancelled task is gone."""
    task = corp.mass_sends[act.data["msgid"]].tasks[act.data["userid"]]
    if task.status == mass_send.TASK_SENT:
        return
    mass_send.confirm(corp, msgid=act.data["msgid"], userid=act.data["userid"], at=act.due)
    corp.ledger.counts["act:mass_confirmed"] += 1


def plan_reading(runtime: Runtime, corp: Corp, key: str, at: float) -> None:
    """The staff member will read this app message after a while, not at night."""
    msgid, userid = key.split("|")
    if userid in corp.manual_staff:
        return
    who = traits.staff(corp, userid)
    rng = stream("read", corp.seed, userid, msgid)
    due = _awake(corp, at + who.reads_after_s * rng.uniform(0.3, 2.0), who)
    schedule.plan(
        runtime.world,
        due=due,
        kind="read_message",
        corp_id=corp.corp_id,
        lane=userid,
        slot_s=schedule.STAFF_SLOT_S,
        msgid=msgid,
        userid=userid,
        tries=0,
    )


async def read_message(runtime: Runtime, corp: Corp, act: Act) -> None:
    """Open the links of an app message and do what the pages ask for; try again when the product is down."""
    message, userid = corp.app_messages[act.data["msgid"]], act.data["userid"]
    if message.recalled:
        return
    if userid not in message.read_by:
        message.read_by.append(userid)
    browser = Browser(runtime, corp, userid)
    is_down = False
    for url in links_of(message):
        if browser.is_product(url):
            is_down = await _work_through(browser, url) or is_down
    if is_down and act.data["tries"] < TRIES:
        again = {**act.data, "tries": act.data["tries"] + 1}
        schedule.plan(
            runtime.world,
            due=runtime.clock.now() + RETRY_S,
            kind="read_message",
            corp_id=corp.corp_id,
            lane=userid,
            slot_s=schedule.STAFF_SLOT_S,
            **again,
        )


async def _work_through(browser: Browser, start: str) -> bool:
    """Visit the page and the task pages it links to; confirm every form meant for it. True: it was down."""
    waiting, seen, is_down = [start], set[str](), False
    while waiting and len(seen) < PAGES_FOLLOWED:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        page = await browser.open(url)
        if not page.ok:
            _complain(browser, "staff opens page", page)
            is_down = is_down or page.is_down
            continue
        document = read(page.text)
        for form in _confirm_forms(document):
            is_down = await _confirm(browser, page, document, form) or is_down
        links = [urljoin(page.url, href) for href in document.links]
        waiting += [u for u in links if browser.is_product(u) and TASK_PAGE.search(urlsplit(u).path)]
    return is_down


def _confirm_forms(document: Document) -> list[Form]:
    return [form for form in document.forms if form.attributes.get("data-sim") == "confirm"]


async def _confirm(browser: Browser, page: Page, document: Document, form: Form) -> bool:
    """Forward the message to its group in the client once, then submit the form. True: it was down."""
    corp, userid = browser.corp, browser.person
    action = urljoin(page.url, form.action or page.url)
    _forward_once(browser, page, document, form, action)
    answer = await browser.open(action, dict(form.fields))
    if not answer.ok:
        _complain(browser, "staff confirms", answer)
        return answer.is_down
    corp.ledger.counts["act:page_confirmed"] += 1
    corp.people.setdefault(userid, {})["last_confirmed"] = action
    return False


def _forward_once(browser: Browser, page: Page, document: Document, form: Form, action: str) -> None:
    corp, userid = browser.corp, browser.person
    done = corp.people.setdefault(userid, {}).setdefault("forwarded", set())
    fields = sorted(f"{name}={value}" for name, value in form.fields.items() if "csrf" not in name)
    key = "|".join([action, *fields])
    if key in done:
        return
    text = (
        form.attributes.get("data-sim-text")
        or joined(form.marked)
        or document.marked_text
        or _links_only(corp, page.text)
    )
    for group in _target_groups(corp, userid, page.text, form):
        try:
            groups.post(
                corp,
                chat_id=group.chat_id,
                sender=userid,
                at=browser.runtime.clock.now(),
                text=text,
                source=f"forward:{urlsplit(action).path}",
            )
            corp.ledger.counts["act:forward"] += 1
        except Refused:
            corp.ledger.counts["act:forward_refused"] += 1
    done.add(key)


def _target_groups(corp: Corp, userid: str, text: str, form: Form) -> list[Group]:
    """The chats the form names (data-sim-chat, comma separated), or those whose name the page shows."""
    named = form.attributes.get("data-sim-chat") or form.fields.get("chat_id") or ""
    if named:
        return [corp.groups[c] for c in named.split(",") if c in corp.groups]
    if form.attributes.get("data-sim-forward") == "no":
        return []
    mine = [g for g in corp.groups.values() if userid in g.members and g.name]
    return [g for g in mine if g.name in form.text] or [g for g in mine if g.name in text]


def _links_only(corp: Corp, html: str) -> str:
    return "\n".join(dict.fromkeys(url for url in ADDRESS.findall(html) if is_radar(corp, url)))


def _complain(browser: Browser, what: str, page: Page) -> None:
    browser.corp.ledger.product_error(
        at=browser.runtime.clock.now(),
        what=what,
        detail=f"{browser.person} at {page.url}: {page.status} {page.text[:200]}",
    )
