"""What people do in the corp's own office: hire, resign, tag groups by hand, publish moments."""

from __future__ import annotations

from simulator.human.answers import Action, Body, need
from simulator.runtime import Runtime
from simulator.wire.xml import Fields
from simulator.world.entities import Moment, Staff, Tag, TagGroup
from simulator.world.events import emit
from simulator.world.model import Corp
from simulator.world.relations import Refused


def _contact_changed(corp: Corp, change_type: str, userid: str, at: float, extra: Fields = ()) -> None:
    fields = [("UserID", userid), *extra]
    emit(corp, event="change_contact", change_type=change_type, fields=fields, at=at, lane=userid)


def _tag_changed(corp: Corp, change_type: str, tag_id: str, kind: str, at: float) -> None:
    fields: Fields = [("Id", tag_id), ("TagType", kind)]
    emit(corp, event="change_external_tag", change_type=change_type, fields=fields, at=at, lane=tag_id)


async def hire(runtime: Runtime, body: Body) -> Body:
    """A new staff member, visible to the app at once; not `is_active`, `is_verified` or `can_contact` if so asked."""
    corp_id, userid, name = need(body, "corp_id", "userid", "name")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    if userid.lower() in corp.staff:
        raise Refused("the userid is taken")
    department = int(body.get("department") or corp.departments[-1].id)
    flags = {key: bool(body.get(key, True)) for key in ("is_active", "is_verified", "can_contact")}
    corp.staff[userid.lower()] = Staff(userid.lower(), name, [department], **flags)
    extra: Fields = [("Name", name), ("Department", str(department))]
    _contact_changed(corp, "create_user", userid.lower(), now, extra)
    return {"userid": userid.lower()}


async def resign(runtime: Runtime, body: Body) -> Body:
    """A staff member leaves the company; their groups and customers wait to be inherited."""
    corp_id, userid = need(body, "corp_id", "userid")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    if userid not in corp.staff or userid in corp.resigned:
        raise Refused(f"no staff {userid}")
    corp.resigned[userid] = int(now)
    corp.staff[userid].is_active = False
    for group in corp.groups.values():
        if group.owner == userid:
            group.status = 1
    _contact_changed(corp, "delete_user", userid, now)
    return {"groups": [g.chat_id for g in corp.groups.values() if g.owner == userid]}


async def tag_create(runtime: Runtime, body: Body) -> Body:
    """A corp tag made in WeCom's own console."""
    corp_id, group_name, name = need(body, "corp_id", "group_name", "name")
    corp, now = runtime.corp(corp_id), int(runtime.clock.now())
    group = next((g for g in corp.tag_groups.values() if g.group_name == group_name), None)
    if group is None:
        group = TagGroup(corp.new_id("et"), group_name, now)
        corp.tag_groups[group.group_id] = group
        _tag_changed(corp, "create", group.group_id, "tag_group", now)
    tag = Tag(corp.new_id("et"), name[:30], group.group_id, now)
    corp.tags[tag.id] = tag
    _tag_changed(corp, "create", tag.id, "tag", now)
    return {"tag_id": tag.id, "group_id": group.group_id}


async def tag_rename(runtime: Runtime, body: Body) -> Body:
    corp_id, tag_id, name = need(body, "corp_id", "tag_id", "name")
    corp = runtime.corp(corp_id)
    if tag_id not in corp.tags:
        raise Refused(f"no tag {tag_id}")
    corp.tags[tag_id].name = name[:30]
    _tag_changed(corp, "update", tag_id, "tag", runtime.clock.now())
    return {}


async def tag_delete(runtime: Runtime, body: Body) -> Body:
    """The tag goes, from every customer too."""
    corp_id, tag_id = need(body, "corp_id", "tag_id")
    corp = runtime.corp(corp_id)
    if corp.tags.pop(tag_id, None) is None:
        raise Refused(f"no tag {tag_id}")
    for tie in corp.relations.values():
        tie.tag_ids = [one for one in tie.tag_ids if one != tag_id]
    _tag_changed(corp, "delete", tag_id, "tag", runtime.clock.now())
    return {}


async def publish_moment(runtime: Runtime, body: Body) -> Body:
    """The staff member publishes a moment that the app prepared."""
    corp_id, moment_id, userid = need(body, "corp_id", "moment_id", "userid")
    moment = runtime.corp(corp_id).moments.get(moment_id)
    if moment is None or userid not in moment.publishers or moment.cancelled:
        raise Refused("no such moment for this staff member")
    moment.publishers[userid] = moment.publishers[userid] or int(runtime.clock.now())
    return {"published_at": moment.publishers[userid]}


async def post_moment(runtime: Runtime, body: Body) -> Body:
    """A staff member posts in Moments by themselves: no task of the app, all their customers see it."""
    corp_id, userid, text = need(body, "corp_id", "userid", "text")
    corp, now = runtime.corp(corp_id), int(runtime.clock.now())
    member = corp.staff.get(userid)
    if member is None:
        raise Refused("no such staff member")
    moment = Moment(
        moment_id=corp.new_id("mom", 28),
        jobid=corp.new_id("job", 28),
        creator=userid,
        created_at=now,
        body={"text": {"content": text}},
        publishers={userid: now},
    )
    corp.moments[moment.moment_id] = moment
    return {"moment_id": moment.moment_id}


async def react_to_moment(runtime: Runtime, body: Body) -> Body:
    """A customer likes or comments on what a staff member published."""
    corp_id, moment_id, userid, who = need(body, "corp_id", "moment_id", "userid", "external_userid")
    corp, now = runtime.corp(corp_id), int(runtime.clock.now())
    moment = corp.moments.get(moment_id)
    tie = corp.relations.get((userid, who))
    if moment is None or not moment.publishers.get(userid) or tie is None or tie.status != "full":
        raise Refused("this customer does not see the moment")
    row = {"external_userid": who, "create_time": now, "under": userid}
    if body.get("comment"):
        moment.comments.append({**row, "comment": str(body["comment"])})
    else:
        moment.likes.append(row)
    return {"comments": len(moment.comments), "likes": len(moment.likes)}


ACTIONS: dict[str, Action] = {
    "staff/hire": hire,
    "staff/resign": resign,
    "staff/publish-moment": publish_moment,
    "staff/post-moment": post_moment,
    "customer/react": react_to_moment,
    "tag/create": tag_create,
    "tag/rename": tag_rename,
    "tag/delete": tag_delete,
}
