"""The tie between a staff member and a customer: none -> half -> full -> staff or customer deleted.

Sources: PROTOCOL 2.2 (events), 3.2 (add_way), 3.7 (welcome codes).
"""

from __future__ import annotations

from simulator.world.entities import WECOM, Relation, WelcomeCode
from simulator.world.events import emit
from simulator.world.model import Corp

LISTED = ("full", "customer_deleted")


class Refused(Exception):
    """The act makes no sense in the present state of the world."""


def relation_of(corp: Corp, userid: str, external_userid: str) -> Relation:
    """The tie between the two, created in state none when it is new."""
    if external_userid not in corp.customers:
        raise Refused(f"no customer {external_userid}")
    if userid not in corp.staff:
        raise Refused(f"no staff {userid}")
    return corp.relations.setdefault((userid, external_userid), Relation(userid, external_userid))


def _welcome_code(corp: Corp, relation: Relation, now: float) -> str:
    customer = corp.customers[relation.external_userid]
    if customer.type == WECOM or relation.talked_at or corp.faults.chance(corp.faults.no_welcome_code_p):
        return ""
    code = WelcomeCode(corp.new_id("WC", 40), relation.userid, relation.external_userid, now)
    if corp.faults.chance(corp.faults.welcome_race_p):
        code.used_by = -1
    corp.welcome_codes[code.code] = code
    return code.code


def _emit(corp: Corp, relation: Relation, change_type: str, at: float, *extra: tuple[str, object]) -> None:
    fields = [("UserID", relation.userid), ("ExternalUserID", relation.external_userid), *extra]
    emit(
        corp,
        event="change_external_contact",
        change_type=change_type,
        fields=fields,
        at=at,
        lane=relation.external_userid,
        from_user=relation.userid,
    )


def add(
    corp: Corp,
    *,
    userid: str,
    external_userid: str,
    at: float,
    now: float,
    add_way: int = 1,
    state: str = "",
    is_half: bool = False,
) -> Relation:
    """The customer adds the staff member. Repeating it on a full tie changes nothing."""
    relation = relation_of(corp, userid, external_userid)
    if relation.status == "full" or (relation.status == "half" and is_half):
        return relation
    code = _welcome_code(corp, relation, now) if relation.status != "half" else ""
    if relation.status == "none":
        relation.created_at = int(at)
        relation.add_way = add_way
        relation.state = state
        relation.oper_userid = external_userid
    relation.status = "half" if is_half else "full"
    extra: list[tuple[str, object]] = []
    if state:
        extra.append(("State", state))
    if code:
        extra.append(("WelcomeCode", code))
    _emit(corp, relation, "add_half_external_contact" if is_half else "add_external_contact", at, *extra)
    return relation


def staff_deletes(corp: Corp, *, userid: str, external_userid: str, at: float) -> Relation:
    """The staff member removes the customer; the pair's tags go with it."""
    relation = relation_of(corp, userid, external_userid)
    if relation.status in ("none", "staff_deleted"):
        raise Refused("there is no such customer to delete")
    relation.status = "none" if relation.status == "customer_deleted" else "staff_deleted"
    relation.tag_ids.clear()
    _emit(corp, relation, "del_external_contact", at)
    return relation


def customer_deletes(corp: Corp, *, userid: str, external_userid: str, at: float) -> Relation:
    """The customer removes the staff member; the staff member still sees the customer."""
    relation = relation_of(corp, userid, external_userid)
    if relation.status != "full":
        raise Refused("the customer does not have this staff member")
    relation.status = "customer_deleted"
    relation.ended_at = int(at)
    _emit(corp, relation, "del_follow_user", at)
    return relation


def edit_in_client(
    corp: Corp,
    *,
    userid: str,
    external_userid: str,
    at: float,
    remark: str | None = None,
    add_tags: list[str] | None = None,
    remove_tags: list[str] | None = None,
) -> Relation:
    """The staff member edits remark or corp tags in the client, which does send an event."""
    relation = relation_of(corp, userid, external_userid)
    if relation.status not in LISTED:
        raise Refused("not a customer of this staff member")
    if remark is not None:
        relation.remark = remark[:20]
    change_tags(corp, relation, add_tags or [], remove_tags or [])
    extra = (("State", relation.state),) if relation.state else ()
    _emit(corp, relation, "edit_external_contact", at, *extra)
    return relation


def change_tags(corp: Corp, relation: Relation, added: list[str], removed: list[str]) -> None:
    """Set and unset corp tags on the pair; ids must exist for adding."""
    unknown = [tag_id for tag_id in added if tag_id not in corp.tags]
    if unknown:
        raise Refused(f"no tag {unknown[0]}")
    kept = [tag_id for tag_id in relation.tag_ids if tag_id not in removed]
    relation.tag_ids = kept + [tag_id for tag_id in dict.fromkeys(added) if tag_id not in kept]


def talk(corp: Corp, *, userid: str, external_userid: str, at: float) -> None:
    """The two exchange words; a welcome is no longer possible and single sends prefer this staff."""
    relation_of(corp, userid, external_userid).talked_at = int(at)
