"""Who the customers are and who follows them: from WeCom's answers and events, from groups, from people here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from contacts.enums import FollowState
from contacts.errors import CustomerUnknown, ReasonMissing
from contacts.events import CustomerOptedOut, FollowChanged
from contacts.models import Customer, Follow
from contacts.policies.follow import LIVE, STATE_OF_CHANGE, after_event
from contacts.selectors.identity import person_records
from contacts.selectors.personal import erased_among
from contacts.services.behaviours import behaviours_attach
from contacts.services.channels import follows_learn_channel
from contacts.services.tags import tag_ids_for, wecom_tags_set
from outbox.services import publish, publish_many
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.archive.services import consent_record

_FROM_WECOM = ["name", "avatar", "gender", "kind", "unionid", "synced_at"]


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """Someone outside the corp, as a group's member list or an event names them. "" is not known."""

    external_userid: str
    name: str = ""
    unionid: str = ""


@dataclass(frozen=True, slots=True)
class Met:
    """{external_userid: customer id} of everybody, and those who were erased: nothing is written of them."""

    ids: dict[str, int]
    erased: frozenset[str]


def customers_ensure(
    *, tenant_id: int, app_id: int, people: Iterable[PersonSeen], seen_at: datetime
) -> dict[str, int]:
    """`customers_meet` for who needs no more than {external_userid: customer id}."""
    return customers_meet(tenant_id=tenant_id, app_id=app_id, people=people, seen_at=seen_at).ids


def customers_meet(*, tenant_id: int, app_id: int, people: Iterable[PersonSeen], seen_at: datetime) -> Met:
    """A row for each person. In the caller's transaction. Safe to repeat.

    A name or union id fills an empty field and replaces nothing. `seen_at` becomes `first_seen_at` of new rows.
    Waiting behaviours of new persons are attached. Somebody who was erased stays the row without the person.
    """
    wanted = {one.external_userid: one for one in people}
    rows = Customer.objects.filter(tenant_id=tenant_id, app_id=app_id, external_userid__in=list(wanted))
    known = {row.external_userid: row for row in rows}
    fuller = [row for row in known.values() if _fill(row, wanted[row.external_userid])]
    if fuller:
        Customer.objects.bulk_update(sorted(fuller, key=lambda row: row.pk), ["name", "unionid"])
    absent = set(wanted) - set(known)
    erased = erased_among(tenant_id=tenant_id, app_id=app_id, external_userids=absent)
    missing = sorted(absent - set(erased))
    ids = {external: row.pk for external, row in known.items()}
    if missing:
        Customer.objects.bulk_create(
            [
                Customer(
                    tenant_id=tenant_id,
                    app_id=app_id,
                    external_userid=one,
                    name=wanted[one].name[:128],
                    unionid=wanted[one].unionid[:64],
                    first_seen_at=seen_at,
                )
                for one in missing
            ],
            ignore_conflicts=True,
        )
        fresh = Customer.objects.filter(tenant_id=tenant_id, app_id=app_id, external_userid__in=missing)
        new_ids = dict(fresh.values_list("external_userid", "pk"))
        behaviours_attach(tenant_id=tenant_id, customers=new_ids)
        ids.update(new_ids)
    return Met(ids | erased, frozenset(erased))


def _fill(row: Customer, seen: PersonSeen) -> bool:
    """Put what was empty and is known now; whether anything changed."""
    name, unionid = row.name or seen.name[:128], row.unionid or seen.unionid[:64]
    changed = (name, unionid) != (row.name, row.unionid)
    row.name, row.unionid = name, unionid
    return changed


def customers_store(
    *, tenant_id: int, app_id: int, contacts: Sequence[Mapping[str, Any]], read_at: datetime
) -> dict[str, int]:
    """Write WeCom's `external_contact` objects: {external_userid: customer id}. In the caller's transaction.

    An answer read earlier than the one on record changes nothing. Safe to repeat.
    """
    ids = customers_ensure(
        tenant_id=tenant_id,
        app_id=app_id,
        people=[PersonSeen(one["external_userid"]) for one in contacts],
        seen_at=read_at,
    )
    told = {one["external_userid"]: one for one in contacts}
    rows = (
        Customer.objects.select_for_update(no_key=True)
        .filter(tenant_id=tenant_id, pk__in=ids.values())
        .order_by("pk")
    )
    newer = [
        row
        for row in rows
        if row.external_userid in told and (row.synced_at is None or row.synced_at <= read_at)
    ]
    for row in newer:
        _read_contact(row, told[row.external_userid], read_at)
    Customer.objects.bulk_update(newer, _FROM_WECOM)
    return ids


def _read_contact(row: Customer, contact: Mapping[str, Any], read_at: datetime) -> None:
    row.name = str(contact.get("name") or row.name)[:128]
    row.avatar = str(contact.get("avatar") or "")[:512]
    row.gender = int(contact.get("gender") or 0)
    row.kind = int(contact.get("type") or 0)
    row.unionid = str(contact.get("unionid") or row.unionid)[:64]
    row.synced_at = read_at


@dataclass(frozen=True, slots=True)
class ReRead:
    """What WeCom answered when an event was confirmed: the person, this staff member's tie if listed, and when."""

    contact: Mapping[str, Any]
    tie: Mapping[str, Any] | None
    read_at: datetime


def follow_apply_event(
    *,
    tenant_id: int,
    app_id: int,
    external_userid: str,
    staff_id: int,
    change_type: str,
    occurred_at: datetime,
    state_code: str = "",
    answer: ReRead | None = None,
) -> Follow:
    """Apply one change_external_contact event. One transaction; publishes FollowChanged when the state moves.

    Safe to repeat, in any order: an event older than the last one applied does not move the state.
    """
    with transaction.atomic():
        if answer:
            ids = customers_store(
                tenant_id=tenant_id, app_id=app_id, contacts=[answer.contact], read_at=answer.read_at
            )
        else:
            seen = [PersonSeen(external_userid)]
            ids = customers_ensure(tenant_id=tenant_id, app_id=app_id, people=seen, seen_at=occurred_at)
        (follow,) = _follows_locked(tenant_id, [ids[external_userid]], staff_id)
        before = follow.state
        told = STATE_OF_CHANGE.get(change_type) or (follow.state or FollowState.FULL)
        _move(follow, told, occurred_at)
        follow.state_code = follow.state_code or state_code[:64]
        if answer and answer.tie and follow.state in LIVE and not _is_erased(follow, app_id, external_userid):
            tags = [one["tag_id"] for one in answer.tie.get("tags") or [] if one.get("tag_id")]
            _read_tie(follow, answer.tie)
            _set_tags(tenant_id, app_id, follow, tags, answer.read_at)
            _keep_phone(tenant_id, {follow.customer_id: answer.tie})
        follows_learn_channel(tenant_id=tenant_id, follows=[follow])
        follow.save()
        if follow.state != before:
            _tell(follow, occurred_at)
    return follow


def _is_erased(follow: Follow, app_id: int, external_userid: str) -> bool:
    """Whether the person was forgotten while WeCom was asked. Their row is locked: from here on an erasure waits."""
    told = [external_userid]
    return bool(erased_among(tenant_id=follow.tenant_id, app_id=app_id, external_userids=told))


def _follows_locked(tenant_id: int, customer_ids: list[int], staff_id: int) -> list[Follow]:
    """The ties of one staff member, locked in key order; new ones have state ""."""
    Follow.objects.bulk_create(
        [Follow(tenant_id=tenant_id, customer_id=one, staff_id=staff_id, state="") for one in customer_ids],
        ignore_conflicts=True,
    )
    rows = Follow.objects.select_for_update(no_key=True).filter(
        tenant_id=tenant_id, customer_id__in=customer_ids, staff_id=staff_id
    )
    return list(rows.order_by("customer_id"))


def _move(follow: Follow, told: str, told_at: datetime) -> None:
    """Take the state an event tells, unless a newer one is on record."""
    state = after_event(state=follow.state, event_at=follow.event_at, told=told, told_at=told_at)
    if state == told and (follow.event_at is None or told_at >= follow.event_at):
        follow.event_at = told_at
        follow.ended_at = None if state in LIVE else told_at
    follow.state = state
    if state in LIVE:
        follow.followed_at = follow.followed_at or told_at


def _read_tie(follow: Follow, tie: Mapping[str, Any]) -> None:
    follow.remark = str(tie.get("remark") or "")[:128]
    follow.description = str(tie.get("description") or "")[:512]
    follow.add_way = int(tie.get("add_way") or 0)
    follow.state_code = str(tie.get("state") or follow.state_code)[:64]
    if tie.get("createtime"):
        follow.followed_at = datetime.fromtimestamp(int(tie["createtime"]), UTC)


def _set_tags(tenant_id: int, app_id: int, follow: Follow, tags: Iterable[str], read_at: datetime) -> None:
    wanted = set(tags)
    ids = tag_ids_for(tenant_id=tenant_id, app_id=app_id, tag_ids=wanted)
    wecom_tags_set(
        tenant_id=tenant_id,
        wanted={(follow.staff_id, follow.customer_id): {ids[one] for one in wanted}},
        read_at=read_at,
    )


def _keep_phone(tenant_id: int, ties: Mapping[int, Mapping[str, Any]]) -> None:
    """The first number staff noted on the person, where none is known yet."""
    told = {
        customer_id: str(numbers[0])[:32]
        for customer_id, tie in ties.items()
        if (numbers := [one for one in tie.get("remark_mobiles") or [] if one])
    }
    rows = list(Customer.objects.filter(tenant_id=tenant_id, pk__in=told, phone="").order_by("pk"))
    for row in rows:
        row.phone = told[row.pk]
    Customer.objects.bulk_update(rows, ["phone"])


def _tell(follow: Follow, occurred_at: datetime) -> None:
    publish(
        FollowChanged(
            tenant_id=follow.tenant_id,
            occurred_at=occurred_at,
            customer_id=follow.customer_id,
            staff_id=follow.staff_id,
            state=follow.state,
            state_code=follow.state_code,
        )
    )


def archive_consent_set(
    *, tenant_id: int, app_id: int, external_userid: str, answer: str, at: datetime
) -> None:
    """Record that a person agreed to ("agree") or refused ("disagree") message archiving. Safe to repeat."""
    heard = ConsentHeard(external_userid, answer, "callback", at)
    archive_consents_note(tenant_id=tenant_id, app_id=app_id, heard=[heard])


@dataclass(frozen=True, slots=True)
class ConsentHeard:
    """One answer to message archiving. `state` is agree or disagree; `source` where it was heard (wecom.archive)."""

    external_userid: str
    state: str
    source: str
    at: datetime


def archive_consents_note(*, tenant_id: int, app_id: int, heard: Iterable[ConsentHeard]) -> None:
    """Show the youngest answer on each person; an older one changes nothing. One transaction. Safe to repeat."""
    latest = {one.external_userid: one for one in sorted(heard, key=lambda one: one.at)}
    if not latest:
        return
    with transaction.atomic():
        ids = customers_ensure(
            tenant_id=tenant_id,
            app_id=app_id,
            people=[PersonSeen(one) for one in latest],
            seen_at=min(one.at for one in latest.values()),
        )
        rows = Customer.objects.select_for_update(no_key=True).filter(
            tenant_id=tenant_id, pk__in=ids.values()
        )
        changed = []
        for row in rows.order_by("pk"):
            if row.external_userid not in latest:
                continue  # erased
            one = latest[row.external_userid]
            if row.archive_consent_at is None or row.archive_consent_at < one.at:
                row.archive_consent, row.archive_consent_source = one.state, one.source
                row.archive_consent_at = one.at
                changed.append(row)
        Customer.objects.bulk_update(
            changed, ["archive_consent", "archive_consent_source", "archive_consent_at"]
        )


def customer_archive_consent(
    *, tenant: Tenant, customer_id: int, agreed: bool, ground: str, actor: Actor
) -> None:
    """A customer told staff whether messages may be kept; in force from now on. Raises CustomerUnknown,
    ReasonMissing, NotPermitted. Safe to repeat."""
    require(actor, Permission.WORK)
    if not ground.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = Customer.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=customer_id).first()
        if row is None:
            raise CustomerUnknown
        state = "agree" if agreed else "disagree"
        consent_record(
            tenant=tenant,
            app_id=row.app_id,
            person_id=row.external_userid,
            agreed=agreed,
            ground=ground,
            actor=actor,
        )
        heard = ConsentHeard(row.external_userid, state, "hand", clock.now())
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.customer.archive_consent",
            target=row,
            changes={"archive_consent": [row.archive_consent, state]},
            reason=ground.strip(),
        )
        archive_consents_note(tenant_id=tenant.pk, app_id=row.app_id, heard=[heard])


def customer_set_opt_out(
    *, tenant: Tenant, customer_id: int, opted_out: bool, reason: str, actor: Actor
) -> Customer:
    """A customer wants no marketing, or wants it again; with the reason, for every record of the person. Raises
    CustomerUnknown, ReasonMissing, NotPermitted. Safe to repeat: the same wish twice keeps the first time and reason.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = Customer.objects.filter(tenant=tenant, pk=customer_id).first()
        if row is None:
            raise CustomerUnknown
        ids = [one.pk for one in person_records(customer=row)]
        held = Customer.objects.select_for_update(no_key=True).filter(tenant=tenant, pk__in=ids)
        turning = [one for one in held.order_by("pk") if bool(one.opt_out_at) != opted_out]
        if not turning:
            return row
        now = clock.now()
        for one in turning:
            one.opt_out_at = now if opted_out else None
            one.opt_out_reason = reason.strip()[:200] if opted_out else ""
        Customer.objects.bulk_update(turning, ["opt_out_at", "opt_out_reason"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.customer.opted_out" if opted_out else "contacts.customer.opted_in",
            target=row,
            changes={"opted_out": [not opted_out, opted_out]},
            reason=reason.strip(),
        )
        publish_many(
            CustomerOptedOut(tenant_id=tenant.pk, occurred_at=now, customer_id=one.pk, opted_out=opted_out)
            for one in turning
        )
    return next((one for one in turning if one.pk == row.pk), row)
