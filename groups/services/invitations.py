"""Targeted invitations into a super-user group (R16): asked in person, answered, admitted by joining, welcomed.

WeCom has no call that invites a customer, so a staff member asks and the join event closes the invitation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from contacts.policies.tag_rules import evidence_of
from contacts.selectors import customer_ids_known
from groups.enums import OPEN_INVITES, InviteState, Kind
from groups.errors import InviteClosed, InviteRefused, MixBroken, NoScreening
from groups.models import Group, Invitation, ScreeningRule
from groups.policies.mix import Mix, breaks
from groups.selectors.screening import (
    Standing,
    asked_by,
    invitation_get,
    opted_out,
    rule_of,
    standing_of,
    supers_among,
    taken,
    verdicts_of,
)
from groups.services.screening import public_url
from groups.services.setup import locked_group
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say

WORK, CEREMONY = "groups.invitation", "groups.ceremony"


@dataclass(frozen=True, slots=True)
class Invited:
    """What came of one press: made, and how many were left out for which reason."""

    made: int = 0
    there: int = 0
    opted_out: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What inviting these people does to the mix."""

    people: list[int]
    supers: set[int]
    standing: Standing
    after: Mix

    @property
    def breaks_band(self) -> bool:
        return breaks(self.standing.invited, self.after, self.standing.band)


def effect_of(*, tenant_id: int, group: Group, customer_ids: Iterable[int]) -> Effect:
    """The mix now, with everybody invited, and with these people too; who is there or refuses is left out."""
    wanted = customer_ids_known(tenant_id=tenant_id, customer_ids=customer_ids) - taken(tenant_id=tenant_id)
    people = sorted(wanted - opted_out(tenant_id=tenant_id, customer_ids=wanted))
    supers = supers_among(tenant_id=tenant_id, customer_ids=people)
    standing = standing_of(tenant_id=tenant_id, group=group)
    after = standing.invited.joined_by(supers=len(supers), potentials=len(people) - len(supers))
    return Effect(people, supers, standing, after)


def invite(
    *, tenant: Tenant, group_id: int, customer_ids: Sequence[int], actor: Actor, reason: str = ""
) -> Invited:
    """Invite people who meet the rule, each by a task for a friend of theirs. Safe to repeat: one is open at a time.

    Who sits in a super-user group, is invited already or wants no marketing is left out and counted; one alone who
    refused marketing raises InviteRefused, like one who does not meet the rule. Raises MixBroken when the band would
    break and no `reason` is given, NoScreening without a published rule, GroupUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        rule = rule_of(tenant_id=tenant.pk, group_id=group.pk)
        if group.kind != Kind.SUPER_USER or rule is None or rule.published_at is None:
            raise NoScreening
        known = customer_ids_known(tenant_id=tenant.pk, customer_ids=customer_ids)
        refused = opted_out(tenant_id=tenant.pk, customer_ids=known)
        if not known or (refused and len(known) == 1):
            raise InviteRefused(
                _("This person wants no marketing (OPT-01). Nobody invites them.") if known else None
            )
        effect = effect_of(tenant_id=tenant.pk, group=group, customer_ids=known)
        if effect.people and effect.breaks_band and not reason.strip():
            raise MixBroken(_mix_words(effect))
        rows = _insert(tenant, group, rule, effect, reason.strip()[:200], actor)
        if rows:
            audit.record(
                tenant=tenant, actor=actor, verb="groups.invitation.made", target=group, reason=reason.strip(),
                changes={"people": [None, len(rows)]},
            )  # fmt: skip
    return Invited(made=len(rows), there=len(known - refused) - len(rows), opted_out=len(refused))


def _mix_words(effect: Effect) -> str:
    band = effect.standing.band
    return _(
        "With them %(supers)s of %(customers)s would be super-users; it should be %(share)s%% ± %(band)s points."
        " Give a reason to invite all the same."
    ) % {
        "supers": effect.after.supers, "customers": effect.after.customers, "share": band.percent,
        "band": band.points,
    }  # fmt: skip


def _insert(
    tenant: Tenant, group: Group, rule: ScreeningRule, effect: Effect, reason: str, actor: Actor
) -> list[Invitation]:
    verdicts = verdicts_of(tenant_id=tenant.pk, customer_ids=effect.people, rule=rule, now=clock.now())
    if not all(verdicts[who].holds for who in effect.people):
        raise InviteRefused(_("Somebody among them does not meet the rule (any more)."))
    staff = asked_by(tenant_id=tenant.pk, customer_ids=effect.people, owner_id=group.owner_id)
    now, after = effect.standing.invited, effect.after
    mix = {
        "supers": now.supers, "customers": now.customers,
        "supers_after": after.supers, "customers_after": after.customers,
    }  # fmt: skip
    made = Invitation.objects.bulk_create(
        Invitation(
            tenant=tenant, group=group, customer_id=who, staff_id=staff[who], is_super=who in effect.supers,
            evidence=evidence_of(verdicts[who], version=rule.version, needs_all=rule.needs_all), mix=mix,
            reason=reason if effect.breaks_band else "", invited_by=actor.name[:128],
        )
        for who in effect.people
    )  # fmt: skip
    rows = Invitation.objects.filter(tenant=tenant, pk__in=[one.pk for one in made])
    for row in rows.select_related("customer", "group").order_by("pk"):
        _ask(tenant, row, rule)
    return made


def words_for(*, tenant: Tenant, invitation: Invitation, rule: ScreeningRule) -> str:
    """What the staff member sends: what the group is for, the condition, the benefits, the page."""
    told = _(
        "Hello %(name)s, %(brand)s keeps a small group for its closest customers: %(group)s.\n"
        "Who is invited: %(condition)s\nWhat you get: %(benefits)s\n"
        "Everyone can read the rule here: %(url)s\nMay I invite you?"
    ) % {
            "name": str(invitation.customer), "brand": tenant.brand or tenant.name, "group": str(invitation.group),
            "condition": rule.words, "benefits": "；".join(rule.benefits.splitlines()), "url": public_url(rule),
        }  # fmt: skip
    hello, rest = told.split("\n", 1)
    promise = invitation.group.value_proposition  # what the group is for, in one sentence (R5)
    return f"{hello}\n{promise}\n{rest}" if promise else told


def _ask(tenant: Tenant, row: Invitation, rule: ScreeningRule) -> None:
    page = reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": row.group_id})
    work_item_put(
        tenant_id=tenant.pk, source_kind=WORK, source_id=row.pk, staff_id=row.staff_id, group_id=row.group_id,
        kind=WorkKind.NEW_MEMBERS, bucket=Bucket.REMIND,
        title=say("Invite %(name)s to %(group)s") % {"name": row.customer, "group": row.group},
        detail=say("State the condition and the benefits; write down the answer."),
        script=words_for(tenant=tenant, invitation=row, rule=rule),
        reason=say("WeCom lets only people invite customers; this one meets the published rule."),
        rule_code="R16", verb_label=say("Write down the answer"), url=f"{page}?tab=super",
        phone_url=reverse("groups_phone:invitation", kwargs={"phone_slug": tenant.slug, "pk": row.pk}),
    )  # fmt: skip


def invitation_answer(
    *, tenant: Tenant, invitation_id: int, state: str, note: str = "", actor: Actor
) -> Invitation:
    """Write down what the person said, or take the invitation back. Safe to repeat.

    `state` is accepted, declined or withdrawn. Raises InviteClosed once admitted or closed otherwise, NotPermitted.
    """
    require(actor, Permission.WORK)
    wanted = InviteState(state)
    if wanted in (InviteState.INVITED, InviteState.ADMITTED):
        raise InviteClosed
    with transaction.atomic():
        row = _locked(tenant, invitation_id)
        if row.state == wanted:
            return row
        if row.state not in OPEN_INVITES:
            raise InviteClosed
        before, row.state = row.state, wanted
        row.answered_at, row.answer_note = clock.now(), note.strip()[:200]
        row.told_at = row.told_at or (row.answered_at if wanted != InviteState.WITHDRAWN else None)
        row.save()
        ended = WorkState.CANCELLED if wanted == InviteState.WITHDRAWN else WorkState.DONE
        work_item_close(tenant_id=tenant.pk, source_kind=WORK, source_id=row.pk, state=ended, by=actor.name)
        audit.record(
            tenant=tenant, actor=actor, verb=f"groups.invitation.{wanted.value}", target=row, reason=row.answer_note,
            changes={"state": [before, row.state]},
        )  # fmt: skip
    return row


def invitations_admit(*, tenant_id: int, group_id: int, customer_ids: Iterable[int], at: Any) -> int:
    """People entered: their open invitations are closed and their welcome waits for the owner. Safe to repeat."""
    group = Group.objects.filter(tenant_id=tenant_id, pk=group_id, kind=Kind.SUPER_USER).first()
    if group is None:
        return 0
    tenant = Tenant.objects.get(pk=tenant_id)
    with transaction.atomic():
        rows = list(
            Invitation.objects.select_for_update(of=("self",))
            .filter(tenant=tenant, group=group, customer_id__in=set(customer_ids), state__in=OPEN_INVITES)
            .select_related("customer", "group")
            .order_by("pk")
        )
        for row in rows:
            row.state, row.admitted_at = InviteState.ADMITTED, at
            row.save(update_fields=["state", "admitted_at"])
            work_item_close(tenant_id=tenant_id, source_kind=WORK, source_id=row.pk, by=SYSTEM.name)
            _welcome(tenant, row)
    return len(rows)


def _welcome(tenant: Tenant, row: Invitation) -> None:
    """The ceremony as a task of the owner, with words."""
    rule = rule_of(tenant_id=tenant.pk, group_id=row.group_id)
    script = _(
            "Everyone, please welcome %(name)s. They are here because: %(condition)s\n"
            "From today you have: %(benefits)s\n"
            "Would you tell us in a few words who you are and what you are looking for here?"
        ) % {
            "name": str(row.customer), "condition": rule.words if rule else "",
            "benefits": "；".join(rule.benefits.splitlines()) if rule else "",
        }  # fmt: skip
    page = reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": row.group_id})
    work_item_put(
        tenant_id=tenant.pk, source_kind=CEREMONY, source_id=row.pk, staff_id=row.group.owner_id,
        group_id=row.group_id, kind=WorkKind.NEW_MEMBERS, bucket=Bucket.MUST, script=script, rule_code="R16",
        title=say("Welcome %(name)s to %(group)s") % {"name": row.customer, "group": row.group},
        reason=say("Accepted the invitation and has joined; a welcome ceremony opens the door."),
        url=f"{page}?tab=super",
    )  # fmt: skip


def invitations_withdraw_for(*, tenant_id: int, customer_id: int) -> int:
    """Somebody wants no marketing any more: open invitations are taken back. Safe to repeat."""
    tenant = Tenant.objects.get(pk=tenant_id)
    rows = Invitation.objects.filter(tenant=tenant, customer_id=customer_id, state__in=OPEN_INVITES)
    ids = list(rows.values_list("pk", flat=True))
    for pk in ids:
        invitation_answer(
            tenant=tenant, invitation_id=pk, state=InviteState.WITHDRAWN, note=_("Wants no marketing (OPT-01)"),
            actor=SYSTEM,
        )  # fmt: skip
    return len(ids)


def invitation_work_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Done on the task: the person was asked. The answer is written down apart."""
    _mark(tenant, source_id, "told_at", verb)


def ceremony_work_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Done on the task: the ceremony was held."""
    _mark(tenant, source_id, "welcomed_at", verb)


def _mark(tenant: Tenant, invitation_id: int, field: str, verb: str) -> None:
    at = clock.now() if verb == "done" else None
    Invitation.objects.filter(tenant=tenant, pk=invitation_id).update(**{field: at})


def _locked(tenant: Tenant, invitation_id: int) -> Invitation:
    row = invitation_get(tenant_id=tenant.pk, invitation_id=invitation_id)
    locked_group(tenant, row.group_id)
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("group", "customer")
    return rows.get(tenant=tenant, pk=invitation_id)
