"""The small things staff do of their own accord in a camp: a notice, a remark, a mass send of their own."""

from __future__ import annotations

from simulator.population import schedule
from simulator.population.schedule import Act
from simulator.runtime import Runtime
from simulator.world import groups, mass_send, relations
from simulator.world.model import Corp, stream

HOUR_S = 3600
NOTICES = (
    "每晚 20:00 开课，请提前进入直播间",
    "作业今晚 22:00 前交",
    "群内只聊学习，感谢配合",
    "明天休息，周末见",
)
REMARKS = ("孩子5岁", "想了解年课", "预算有限", "老学员介绍", "晚上方便联系")
NOTICE_P = 0.05
REMARK_P = 0.12


def plan_day(runtime: Runtime, corp: Corp, chat_ids: list[str], midnight: int) -> None:
    """Lay out the day's small things for the camp's groups."""
    for chat_id in chat_ids:
        schedule.plan(
            runtime.world,
            due=midnight + 11 * HOUR_S,
            kind="bustle",
            corp_id=corp.corp_id,
            lane=chat_id,
            chat_id=chat_id,
            midnight=midnight,
        )


async def bustle(runtime: Runtime, corp: Corp, act: Act) -> None:
    """One group's day: chances come from the seed, the group and the day."""
    group = groups.live_group(corp, act.data["chat_id"])
    if group.owner in corp.manual_staff:
        return
    rng = stream("bustle", corp.seed, group.chat_id, act.data["midnight"])
    now = runtime.clock.now()
    if rng.random() < NOTICE_P:
        groups.set_notice(corp, chat_id=group.chat_id, notice=rng.choice(NOTICES), at=act.due, now=now)
    friends = sorted(t.external_userid for t in corp.relations_of_staff(group.owner) if t.status == "full")
    if friends and rng.random() < REMARK_P:
        relations.edit_in_client(
            corp,
            userid=group.owner,
            external_userid=rng.choice(friends),
            at=act.due,
            remark=rng.choice(REMARKS),
        )
    if corp.faults.chance(corp.faults.personal_send_p):
        mass_send.personal_send(
            corp,
            userid=group.owner,
            receivers=[group.chat_id],
            chat_type="group",
            text="大家早上好，今天也要加油",
            at=act.due,
        )
        corp.ledger.counts["act:personal_send"] += 1
