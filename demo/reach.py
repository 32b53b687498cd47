"""Where the camp's people come from: channels with what they cost, the codes of each, and what greets who comes."""

from dataclasses import dataclass

from contacts.enums import ChannelKind, ChannelMeans, ChannelPlace, WelcomeMode
from contacts.services.channels import channel_save
from contacts.services.ways import way_create, way_set_welcome
from demo.company import GREETING, Company
from demo.picture import timetable_png
from groups.models import Group
from groups.selectors import group_list
from groups.services.codes import Wish, join_way_create
from groups.services.welcomes import (
    template_ask_owners,
    template_create,
    template_publish,
    template_set_part,
)
from tenants.scoping import tenant_scope
from wecom.enums import MediaKind
from wecom.keeping.assets import asset_store
from wecom.selectors import app_needed
from wecom.services import app_set_greeting


@dataclass(frozen=True)
class Source:
    """A channel, what it cost, whom it should bring, and where it stands."""

    name: str
    kind: ChannelKind
    cost_fen: int
    target: int
    persona: str
    place: str = ""
    means: str = ""


SOURCES = (
    Source(
        "小红书笔记", ChannelKind.CONTENT, 1_280_000, 200, "3–6 岁孩子的妈妈，自己做攻略", ChannelPlace.XIAOHONGSHU,
        ChannelMeans.INFLUENCER,
    ),
    Source(
        "视频号直播间", ChannelKind.CONTENT, 2_150_000, 200, "看过直播、怕孩子坐不住的家长",
        ChannelPlace.WECHAT_CHANNELS, ChannelMeans.FEED,
    ),
    Source("门店海报", ChannelKind.OFFLINE, 36_000, 60, "住在附近、陪孩子来店里的家长"),
)  # fmt: skip
GOAL = "开营前招满"
PARTNER = "小树绘本馆"
PARTNER_FIT = "只借绘本不上课，家长也是 3–6 岁，正好互补"
NEXT_GROUP = 21  # the number of the first group that WeCom opens by itself
WAY_WELCOME = "{客户昵称}你好，我是{员工姓名}。从海报来的家长先看这张课表，试听名额我给你留着。"
TIMETABLE_LINK = {
    "kind": "link",
    "title": "启蒙营课表",
    "url": "https://shop.example.com/timetable",
    "desc": "30 天，每晚 20:00",
}
GROUP_WELCOME = "欢迎 %NICKNAME%！先看群公告和课表，再介绍一下孩子多大。今晚 20:00 老师带读。"


def codes_make(company: Company) -> int:
    """A channel, a group code and a code for friends for each of the first groups; the welcomes with what they carry.

    Returns the id of the group welcome.
    """
    tenant, owner = company.tenant, company.owner
    with tenant_scope(tenant):
        app = app_needed(tenant_id=tenant.pk)
        picture = asset_store(
            tenant=tenant, kind=MediaKind.IMAGE, name="课表.png", content=timetable_png(), actor=owner
        )
        part = {"kind": "image", "asset_id": picture.pk}
        app_set_greeting(
            tenant=tenant, app_id=app.pk, greeting=GREETING, parts=[part, TIMETABLE_LINK], actor=owner
        )
        channel_save(
            tenant=tenant, actor=owner, name=f"{PARTNER}互推", kind=ChannelKind.PARTNER, partner=PARTNER,
            partner_fit=PARTNER_FIT, persona="常带孩子借书的家长",
        )  # fmt: skip
        for number, (source, group) in enumerate(zip(SOURCES, _groups(company), strict=False)):
            way_id = _codes_of(company, source, group, number)
        way_set_welcome(
            tenant=tenant, way_id=way_id, mode=WelcomeMode.OWN, text=WAY_WELCOME, parts=[part], actor=owner
        )
        template = template_create(
            tenant=tenant, name="启蒙营入群欢迎", text=GROUP_WELCOME, notify=True, actor=owner
        )
        template_set_part(tenant=tenant, template_id=template.pk, part=TIMETABLE_LINK, actor=owner)
        template_publish(tenant=tenant, template_id=template.pk, actor=owner)
    return template.pk


def _groups(company: Company) -> list[Group]:
    rows = group_list(tenant_id=company.tenant.pk).filter(owner__isnull=False)
    return list(rows.order_by("name")[: len(SOURCES)])


def _codes_of(company: Company, source: Source, group: Group, number: int) -> int:
    """Returns the id of the code for friends."""
    tenant, owner = company.tenant, company.owner
    channel = channel_save(
        tenant=tenant, actor=owner, name=source.name, kind=source.kind, cost_fen=source.cost_fen,
        place=source.place, means=source.means, persona=source.persona, target=source.target, group_id=group.pk,
        goal=GOAL,
    )  # fmt: skip
    wish = Wish(
        name=f"{source.name}入群码",
        rooms=[(group.pk, 0)],
        room_base_name=f"{company.plan.brand}·启蒙",
        room_base_id=NEXT_GROUP + number,
    )
    join_way_create(tenant=tenant, channel_id=channel.pk, wish=wish, actor=owner)
    assert group.owner_id is not None
    way = way_create(
        tenant=tenant, channel_id=channel.pk, name=f"{source.name}加老师", staff_ids=[group.owner_id],
        skip_verify=True, actor=owner,
    )  # fmt: skip
    return way.pk


def owners_ask(company: Company, template_id: int) -> None:
    """The owners of the first groups are asked to attach the group welcome: only they can."""
    with tenant_scope(company.tenant):
        template_ask_owners(
            tenant=company.tenant,
            template_id=template_id,
            group_ids=[group.pk for group in _groups(company)],
            actor=company.owner,
        )
