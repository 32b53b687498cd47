"""Setting up corps and switching faults: /sim/corps, /sim/faults."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.callbacks.deliver import verify_url
from simulator.human.answers import Body, need
from simulator.runtime import Runtime
from simulator.wire.archive import load_key
from simulator.world import limits, seed
from simulator.world.entities import App
from simulator.world.mass_send import content_hash
from simulator.world.model import Corp, stable_id
from simulator.world.relations import Refused

SIZES = {
    "small": {"staff": 6, "groups": 4, "customers": 120},
    "smoke": {"staff": 12, "groups": 8, "customers": 680},
    "large": {"staff": 40, "groups": 40, "customers": 4000},
}
# Far from the numbers of self-built apps, which count up from the first.
ARCHIVE_AGENTID = 2000004
# A corp of so many groups without further wishes is for tests of a first synchronisation.
HUGE_GROUPS, HUGE_STAFF, PEOPLE_PER_GROUP = 500, 40, 5
RETRY_GAP_MOST_S = 3600
CORP_SETTINGS = (
    "name",
    "product_base_url",
    "api_key",
    "allowed_ips",
    "quota_rule",
    "timezone",
    "group_cap",
    "manual_staff",
    "is_medical",
)
CALLBACK_SETTINGS = {
    "callback_url": "url",
    "token": "token",
    "aes_key": "aes_key",
    "callback_form": "form",
    "suite_id": "suite_id",
    "retry_gap_s": "retry_gap_s",
}


def _own_apps(corp: Corp) -> list[App]:
    """The self-built apps; the archive has a secret but is none."""
    return [app for app in corp.apps.values() if app.agentid != ARCHIVE_AGENTID]


def _zone(name: str) -> None:
    """Raises Refused for a time zone that nobody knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise Refused(f"no time zone {name}") from error


def _apply(corp: Corp, body: Body) -> None:
    if body.get("quota_rule", "month") not in ("month", "week", "day"):
        raise Refused("quota_rule is month, week or day")
    if (
        not 0 <= float(body.get("retry_gap_s") or 0) <= RETRY_GAP_MOST_S
        or int(body.get("group_cap") or 1) < 1
    ):
        raise Refused("retry_gap_s or group_cap is out of range")
    if body.get("timezone") is not None:
        _zone(body["timezone"])
    for name in CORP_SETTINGS:
        if body.get(name) is not None:
            setattr(corp, name, body[name])
    for name, attribute in CALLBACK_SETTINGS.items():
        if body.get(name) is not None:
            setattr(corp.callback, attribute, body[name])
    if body.get("limits") is not None:
        corp.limits = limits.checked(body["limits"])
    if body.get("archive") is not None:
        _apply_archive(corp, body["archive"])
    if body.get("permissions") is not None:
        for app in _own_apps(corp):
            app.permissions = list(body["permissions"])


ARCHIVE_SETTINGS = {
    "is_on": bool,
    "is_expired": bool,
    "secret": str,
    "current_version": int,
    "scope": list,
    "allowed_ips": list,
    "spice": bool,
    "agree_share": float,
    "file_life_s": float,
}


def _apply_archive(corp: Corp, changes: dict[str, Any]) -> None:
    """Switch the archive on or off, set its secret and keys. Raises Refused or ValueError and changes nothing then."""
    unknown = sorted(set(changes) - set(ARCHIVE_SETTINGS) - {"public_keys"})
    if unknown:
        raise Refused(f"unknown archive settings: {', '.join(unknown)}")
    keys = {int(version): str(pem) for version, pem in (changes.get("public_keys") or {}).items()}
    for pem in keys.values():
        load_key(pem)
    values = {
        name: ARCHIVE_SETTINGS[name](value) for name, value in changes.items() if name in ARCHIVE_SETTINGS
    }
    archive = corp.archive
    known = {**archive.public_keys, **keys}
    version = values.get("current_version", archive.current_version)
    if values.get("is_on", archive.is_on) and version not in known:
        raise Refused(f"archive: no public key of version {version}")
    archive.public_keys = known
    for name, value in values.items():
        setattr(archive, name, value)
    archive.secret = archive.secret or stable_id("", f"archive|{corp.corp_id}|{corp.seed}", 43)
    app = corp.apps.get(ARCHIVE_AGENTID)
    if app is None:
        app = corp.apps[ARCHIVE_AGENTID] = App(ARCHIVE_AGENTID, "会话内容存档", "", ["msgaudit"])
    app.secret = archive.secret


def _describe_archive(corp: Corp) -> dict[str, Any]:
    archive = corp.archive
    return {
        "is_on": archive.is_on,
        "secret": archive.secret,
        "versions": sorted(archive.public_keys),
        "current_version": archive.current_version,
        "seq": archive.seq,
        "kept": len(archive.rows),
        "by_type": dict(archive.counts),
    }


def describe(corp: Corp) -> dict[str, Any]:
    """What a driver needs to configure the product for this corp."""
    app = next(iter(corp.apps.values()))
    return {
        "corp_id": corp.corp_id,
        "name": corp.name,
        "agentid": app.agentid,
        "secret": app.secret,
        "apps": [{"agentid": a.agentid, "name": a.name, "secret": a.secret} for a in _own_apps(corp)],
        "permissions": app.permissions,
        "limits": corp.limits,
        "archive": _describe_archive(corp),
        "seed": corp.seed,
        "timezone": corp.timezone,
        "quota_rule": corp.quota_rule,
        "callback_url": corp.callback.url,
        "token": corp.callback.token,
        "aes_key": corp.callback.aes_key,
        "callback_form": corp.callback.form,
        "product_base_url": corp.product_base_url,
        "allowed_ips": corp.allowed_ips,
        "staff": [{"userid": s.userid, "name": s.name} for s in corp.staff.values()],
        "groups": [
            {"chat_id": g.chat_id, "name": g.name, "owner": g.owner, "members": len(g.members)}
            for g in corp.groups.values()
            if not g.dismissed
        ],
        "customers": len(corp.customers),
    }


async def create_corp(runtime: Runtime, body: Body) -> Body:
    """Make a corp, or answer the existing one when corp_id is taken (settings are updated).

    Without corp_id the id follows from name and seed, and making it again begins a new life.
    """
    known = runtime.world.corps.get(body.get("corp_id") or "")
    if known is not None:
        _apply(known, body)
        return {**describe(known), "is_new": False}
    size = SIZES.get(str(body.get("size") or "small"))
    if size is None:
        raise Refused(f"size is one of {', '.join(SIZES)}")
    group_count = int(body["groups"] if body.get("groups") is not None else size["groups"])
    is_huge = group_count > HUGE_GROUPS
    people = body.get("customers")
    if people is None:
        people = group_count * PEOPLE_PER_GROUP if is_huge else size["customers"]
    plan = seed.Plan(
        name=str(body.get("name") or "示例企业"),
        staff=int(body.get("staff") or (HUGE_STAFF if is_huge else size["staff"])),
        groups=group_count,
        customers=int(people),
        seed=int(body.get("seed") or 1),
        corp_id=str(body.get("corp_id") or ""),
        initial_share=float(body.get("initial_share", 0.6)),
        overlap=float(body.get("overlap", 0.2)),
        timezone=str(body.get("timezone") or "Asia/Shanghai"),
    )
    corp = seed.make_corp(runtime.world, plan, runtime.clock.now())
    runtime.world.forget_before(corp)
    _apply(corp, body)
    return {**describe(corp), "is_new": True}


async def change_corp(runtime: Runtime, body: Body) -> Body:
    corp = runtime.corp(body["corp_id"])
    _apply(corp, body)
    return describe(corp)


async def delete_corp(runtime: Runtime, body: Body) -> Body:
    """The corp and everything due in it is gone."""
    corp = runtime.corp(body["corp_id"])
    runtime.world.forget_before(corp)
    del runtime.world.corps[corp.corp_id]
    return {"deleted": corp.corp_id}


async def list_corps(runtime: Runtime, body: Body) -> Body:
    return {"corps": [describe(corp) for corp in runtime.world.corps.values()]}


async def show_corp(runtime: Runtime, body: Body) -> Body:
    return describe(runtime.corp(body["corp_id"]))


async def add_app(runtime: Runtime, body: Body) -> Body:
    """A second app of the corp, for races and wrong-app tests."""
    corp = runtime.corp(body["corp_id"])
    agentid = max(app.agentid for app in _own_apps(corp)) + 1
    app = seed.add_app(corp, agentid, str(body.get("name") or "another app"), body.get("permissions"))
    if body.get("visible_userids") is not None:
        app.visible_userids = list(body["visible_userids"])
    return {"agentid": agentid, "secret": app.secret, "permissions": app.permissions}


async def verify_callback(runtime: Runtime, body: Body) -> Body:
    return await verify_url(runtime, runtime.corp(body["corp_id"]))


async def revoke_tokens(runtime: Runtime, body: Body) -> Body:
    """Every running token of the corp stops working at once."""
    corp = runtime.corp(body["corp_id"])
    running = [t for t in runtime.world.tokens.values() if t.corp_id == corp.corp_id and not t.revoked]
    for token in running:
        token.revoked = True
    return {"revoked": len(running)}


def _chosen(runtime: Runtime, body: Body) -> list[Corp]:
    if body.get("corp_id"):
        return [runtime.corp(body["corp_id"])]
    return list(runtime.world.corps.values())


async def show_faults(runtime: Runtime, body: Body) -> Body:
    return {corp.corp_id: corp.faults.as_dict() for corp in _chosen(runtime, body)}


async def set_faults(runtime: Runtime, body: Body) -> Body:
    """Change the named faults of one corp, or of all when corp_id is absent."""
    changes = {name: value for name, value in body.items() if name != "corp_id"}
    for corp in _chosen(runtime, body):
        corp.faults.update(changes)
    return await show_faults(runtime, body)


async def redeliver(runtime: Runtime, body: Body) -> Body:
    """Put events that were never acked back in line; they go out at once."""
    return {"requeued": sum(corp.ledger.requeue_undelivered() for corp in _chosen(runtime, body))}


async def use_welcome_code(runtime: Runtime, body: Body) -> Body:
    """Another app wins the race for the newest unused welcome code of this customer."""
    corp_id, external_userid = need(body, "corp_id", "external_userid")
    corp = runtime.corp(corp_id)
    for code in reversed(list(corp.welcome_codes.values())):
        if code.external_userid == external_userid and code.used_by is None:
            code.used_by = -1
            corp.welcomes_sent.append(
                {
                    "at": int(runtime.clock.now()),
                    "agentid": -1,
                    "userid": code.userid,
                    "external_userid": external_userid,
                    "content_hash": content_hash({}, []),
                }
            )
            return {"taken": code.code}
    raise Refused("no unused welcome code for this customer")
