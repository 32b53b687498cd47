"""Reactions to WeCom: contact-list events, the full read of departments and staff, and what became of messages."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from team.enums import NoticeKind
from team.selectors import staff_by_userid, staff_list
from team.services import (
    StaffSeen,
    departments_store,
    staff_deactivate,
    staff_rename,
    staff_store,
)
from team.services.notices import REF, message_answered, notify
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.roles import PERMISSIONS
from tenants.selectors import member_list
from wecom.calls.contacts import Department, StaffRow
from wecom.enums import AppState, LostKind, SendState
from wecom.events import AppStateChanged, SendFinished
from wecom.gateway.client import WecomClient, client_for
from wecom.inbox.ingest import Inbound
from wecom.reading.sync import Lost, Progress
from wecom.selectors import app_list


def on_contact_change(event: Inbound) -> None:
    """change_contact: what the event says of one member, confirmed by reading that member. Safe to repeat."""
    userid = str(event.fields.get("UserID") or "")
    if event.app_id is None or not userid:
        return
    where = {"tenant_id": event.tenant_id, "app_id": event.app_id}
    if event.change_type == "delete_user":
        staff_deactivate(**where, userid=userid)
        return
    if event.change_type not in ("create_user", "update_user"):
        return
    if renamed := str(event.fields.get("NewUserID") or ""):
        staff_rename(**where, userid=userid, new_userid=renamed)
        userid = renamed
    told = client_for(event.tenant_id, event.app_id).contacts.staff_get(userid=userid)
    held = staff_by_userid(**where, userid=userid)
    staff_store(
        **where,
        people=[_seen(told)],
        contactable={userid} if held and held.can_contact else set(),
        is_complete=False,
    )


def _seen(told: StaffRow) -> StaffSeen:
    return StaffSeen(told["userid"], told.get("name") or "", tuple(told.get("department") or ()))


def sync_staff(tenant_id: int, progress: Progress) -> int:
    """Read departments, their members and who may talk to customers, for every connected app.

    Members that WeCom no longer lists become inactive. Returns how many standings callbacks had missed. Repeatable.
    """
    changed = 0
    for app in app_list(tenant_id=tenant_id):
        if not app.is_callable:
            continue
        before = _standings(tenant_id, app.pk)
        changed += _read_app(tenant_id, app.pk, progress)
        after = _standings(tenant_id, app.pk)
        moved = [userid for userid in after if after[userid][1:] != before.get(userid, ("",))[1:]]
        progress.lost(Lost(userid, after[userid][0], LostKind.STANDING) for userid in moved)
    return changed


def _standings(tenant_id: int, app_id: int) -> dict[str, tuple[str, bool, bool]]:
    """{userid: (name, is active, may talk to customers)}."""
    rows = (one for one in staff_list(tenant_id=tenant_id) if one.app_id == app_id)
    return {one.userid: (str(one), one.is_active, one.can_contact) for one in rows}


def _read_app(tenant_id: int, app_id: int, progress: Progress) -> int:
    client = client_for(tenant_id, app_id)
    departments = client.contacts.department_list()
    departments_store(tenant_id=tenant_id, app_id=app_id, departments=departments)
    people = _read_people(client, departments, progress)
    contactable = set(client.customers.follow_users())
    return staff_store(
        tenant_id=tenant_id,
        app_id=app_id,
        people=list(people.values()),
        contactable=contactable,
        is_complete=True,
    )


def _read_people(
    client: WecomClient, departments: list[Department], progress: Progress
) -> dict[str, StaffSeen]:
    """Members of every department: WeCom lists one level at a time; one in two departments counts once."""
    found: dict[str, StaffSeen] = {}
    for done, department in enumerate(departments, start=1):
        for told in client.contacts.staff_names(department_id=department["id"]):
            found[told["userid"]] = _seen(told)
        progress(done, len(departments))
    return found


def on_send_finished(*, tenant_id: int, events: list[SendFinished]) -> None:
    """A message of notices went out, or did not. Safe to repeat; a parked one may be decided later."""
    for event in events:
        if event.ref_kind == REF:
            is_done = event.state == SendState.DONE and not event.fail_list
            words = event.error or (
                gettext_noop("WeCom could not reach this person") if event.fail_list else ""
            )
            message_answered(tenant_id=tenant_id, send_id=event.send_id, is_done=is_done, error=words)


def on_app_state_changed(*, tenant_id: int, events: list[AppStateChanged]) -> None:
    """WeCom refuses our calls: whoever can repair it is told, once a day and cause. Safe to repeat."""
    broken = [one for one in events if one.state == AppState.BROKEN]
    if not broken:
        return
    tenant = Tenant.objects.get(pk=tenant_id)
    repairers = [one.pk for one in member_list(tenant=tenant) if Permission.MANAGE in PERMISSIONS[one.role]]
    for event in broken:
        notify(
            tenant_id=tenant_id, member_ids=repairers, kind=NoticeKind.BREAKER,
            key=f"app:{event.app_id}:{event.code}:{event.occurred_at:%Y%m%d}",
            title=lambda: _("Calls to WeCom are stopped"), detail=event.reason,
            url=reverse("wecom:setup", kwargs={"tenant_slug": tenant.slug}),
        )  # fmt: skip
