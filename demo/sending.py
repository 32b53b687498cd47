"""What colleagues send by themselves in WeCom, beside every plan: into a group, to some of their friends, in Moments.

WeCom tells of it when it is asked: it stands in the calendar, and takes its places of the customers' days.
"""

from typing import Any

from demo.company import Company
from demo.vendor import Vendor
from outbox.dispatch import enqueue_platform

OWN_DAYS = (5, 9, 13, 16, 18, 19)  # days of the camp on which somebody does
FRIENDS = 12
READ = "wecom.poll_personal_sends"
# In turn: what stands in a group, what goes to friends, what is posted.
WORDS = (
    (
        "今天的绘本我录了慢速版，放在群文件里，睡前跟着读一遍就好。",
        "孩子最近读得怎么样？有一句读不顺的录给我，我帮着听。",
        "教室窗台的向日葵开了，孩子们给它起了英文名。",
    ),
    (
        "明天降温，晚读照旧 20:00，裹着被子读也算。",
        "周末有空的话带孩子翻翻第三本，里面的动物词这周都会用到。",
        "批完今天的录音作业，最打动我的是一句很小声的 good night。",
    ),
    (
        "问得多的一件事：补课看回放，7 天内都算打卡。",
        "上次您问的发音我录了 20 秒对比，您放给孩子听听。",
        "读了三周，第一次有孩子自己把整页读完。",
    ),
)


def day_of_own_sends(company: Company, vendor: Vendor, day: int) -> int:
    """Into an owner's group, to another one's friends, in a third one's Moments, in turn by the day of the camp.

    Returns how many were sent.
    """
    ledger = vendor.ledger(company.corp_id)
    groups = sorted((one for one in ledger["groups"] if one["customers"]), key=lambda one: one["name"])
    if not groups:
        return 0
    into_group, to_friends, in_moments = WORDS[day % len(WORDS)]
    first, second, third = (groups[(day + number) % len(groups)] for number in range(3))
    common = {"corp_id": company.corp_id}
    mass = "/sim/staff/personal-mass-send"
    vendor.call(
        "POST",
        mass,
        **common,
        userid=first["owner"],
        chat_type="group",
        chat_ids=[first["chat_id"]],
        text=into_group,
    )
    sent = 1
    friends = _friends(ledger, second["owner"], day)
    if friends:
        vendor.call("POST", mass, **common, userid=second["owner"], external_userids=friends, text=to_friends)
        sent += 1
    vendor.call("POST", "/sim/staff/post-moment", **common, userid=third["owner"], text=in_moments)
    enqueue_platform(READ)
    return sent + 1


def _friends(ledger: dict[str, Any], userid: str, day: int) -> list[str]:
    """Some of somebody's friends, others each time."""
    every = sorted(
        tie["external_userid"]
        for tie in ledger["relations"]
        if tie["userid"] == userid and tie["status"] == "full"
    )
    first = day * FRIENDS % len(every) if every else 0
    return (every[first:] + every[:first])[:FRIENDS]
