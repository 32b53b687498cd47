"""Makes a corp from a seed: departments, staff, an app, groups and customers."""

from __future__ import annotations

import random
from dataclasses import dataclass

from simulator.world import names
from simulator.world.entities import (
    EXTERNAL,
    STAFF,
    WECHAT,
    WECOM,
    App,
    Customer,
    Department,
    Group,
    Member,
    Relation,
    Staff,
)
from simulator.world.model import Corp, World, stable_id, stream

DAY_S = 86400
FIRST_AGENTID = 1000002
AVATAR = "https://wework.qpic.cn/avatar/{}"


@dataclass(frozen=True)
class Plan:
    """The size of a corp. `initial_share` of the customers already sit in groups at the start, and `overlap` of
    those sit in two or three."""

    name: str
    staff: int = 6
    groups: int = 4
    customers: int = 120
    seed: int = 1
    corp_id: str = ""
    initial_share: float = 0.6
    overlap: float = 0.2
    timezone: str = "Asia/Shanghai"


def make_corp(world: World, plan: Plan, now: float) -> Corp:
    """A corp full of people; the same plan gives the same corp. No callbacks are sent."""
    corp_id = plan.corp_id or stable_id("ww", f"corp|{plan.name}|{plan.seed}", 16).lower()
    corp = Corp(corp_id, plan.name, plan.seed, plan.timezone)
    corp.faults.update({"seed": plan.seed})
    rng = stream("corp", corp_id, plan.seed)
    add_app(corp, FIRST_AGENTID, "群策")
    _add_departments(corp)
    for number in range(plan.staff):
        _add_staff(corp, rng, number)
    for number in range(plan.groups):
        _add_group(corp, rng, number, now)
    for number in range(plan.customers):
        _add_customer(corp, rng, number)
    _fill_groups(corp, rng, plan, now)
    world.corps[corp_id] = corp
    world.is_dirty = True
    return corp


def add_app(corp: Corp, agentid: int, name: str, permissions: list[str] | None = None) -> App:
    """A self-built app with its own secret."""
    secret = stable_id("", f"secret|{corp.corp_id}|{corp.seed}|{agentid}", 43)
    app = App(agentid, name, secret)
    if permissions is not None:
        app.permissions = permissions
    corp.apps[agentid] = app
    return app


def _add_departments(corp: Corp) -> None:
    corp.departments.append(Department(1, corp.name, 0, 100))
    for number, name in enumerate(names.DEPARTMENTS):
        corp.departments.append(Department(number + 2, name, 1, 90 - number))


def _add_staff(corp: Corp, rng: random.Random, number: int) -> None:
    department = 2 + number % len(names.DEPARTMENTS)
    userid = f"staff{number + 1:02d}"
    corp.staff[userid] = Staff(userid, names.person(rng), [department])


def _add_customer(corp: Corp, rng: random.Random, number: int) -> None:
    is_wecom = rng.random() < 0.04
    material = f"{corp.corp_id}|{corp.seed}|customer|{number}"
    external_userid = stable_id("wo" if is_wecom else "wm", material)
    corp.customers[external_userid] = Customer(
        external_userid=external_userid,
        name=names.customer(rng),
        type=WECOM if is_wecom else WECHAT,
        gender=rng.choice((0, 1, 2, 2)),
        unionid="" if is_wecom else stable_id("o", material + "|union", 27),
        openid=stable_id("o", material + "|open", 27),
        avatar=AVATAR.format(stable_id("", material + "|avatar", 16)),
        corp_name=rng.choice(names.COMPANIES) if is_wecom else "",
    )


def _add_group(corp: Corp, rng: random.Random, number: int, now: float) -> None:
    userids = list(corp.staff)
    owner = userids[number % len(userids)]
    made_at = int(now - rng.randint(3, 20) * DAY_S)
    group = Group(corp.new_id("wr"), names.group(rng, number), owner, made_at)
    helpers = [u for u in userids if u != owner]
    rng.shuffle(helpers)
    wanted = rng.randint(3, 5)
    for userid in [owner, *helpers[: wanted - 1]]:
        group.members[userid] = Member(userid, STAFF, made_at, 1, invitor=owner)
    group.admins = helpers[:1]
    corp.groups[group.chat_id] = group


def _fill_groups(corp: Corp, rng: random.Random, plan: Plan, now: float) -> None:
    """Seat the first share of the customers, some in two or three groups; some know a staff member."""
    chats = list(corp.groups.values())
    if not chats:
        return
    people = list(corp.customers)
    for number, external_userid in enumerate(people):
        place = number % len(chats)
        home = chats[place]
        corp.people[external_userid] = {"home": home.chat_id}
        if number >= len(people) * plan.initial_share:
            continue
        extra = rng.choices((0, 1, 2), (1 - plan.overlap, 0.75 * plan.overlap, 0.25 * plan.overlap))[0]
        # By place among the others, so that ten thousand groups need no list per customer.
        picked = rng.sample(range(len(chats) - 1), min(extra, len(chats) - 1))
        others = [chats[index + (index >= place)] for index in picked]
        for group in [home, *others]:
            joined = rng.randint(group.create_time, int(now) - 60)
            scene = rng.choice((1, 3, 3))
            invitor = group.owner if scene == 1 else ""
            group.members[external_userid] = Member(external_userid, EXTERNAL, joined, scene, invitor)
        if rng.random() < 0.5:
            _know(corp, rng, home.owner, external_userid, now)


def _know(corp: Corp, rng: random.Random, userid: str, external_userid: str, now: float) -> None:
    since = int(now - rng.randint(1, 60) * DAY_S)
    corp.relations[(userid, external_userid)] = Relation(
        userid, external_userid, "full", since, rng.choice((1, 4, 201)), "", external_userid
    )
