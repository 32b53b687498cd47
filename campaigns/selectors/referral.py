"""Reads of invitations: what a campaign asks, who invites, who came, and why somebody does not count."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.enums import CampaignState, Missing, PlayKind
from campaigns.enums.joining import BARRED_TAG
from campaigns.enums.referral import InviteReason, InviteState
from campaigns.models import Campaign, Invite, Inviter, Referral
from campaigns.policies.referral import Asked, Person, Spell
from campaigns.selectors.frame import group_ids_of
from campaigns.selectors.lottery import lottery_of
from campaigns.selectors.pages import page_token
from contacts.selectors import tag_list
from contacts.selectors.identity import person_records, persons_of, records_under
from contacts.selectors.tags import tags_carried
from groups.selectors.bringing import Entry, entries_of
from tenants import preferences


def referrals_in(campaign: Any) -> QuerySet[Referral]:
    """That of a campaign, to ask within a query of campaigns."""
    return Referral.objects.filter(campaign=campaign)


def referral_of(*, campaign: Campaign) -> Referral | None:
    """What a campaign gives for inviting, with prize and code. One query."""
    rows = Referral.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("prize", "way").first()


def referral_get(*, tenant_id: int, referral_id: int) -> Referral | None:
    """With campaign, prize and code; None where it is gone."""
    rows = Referral.objects.filter(tenant_id=tenant_id, pk=referral_id)
    return rows.select_related("campaign", "prize", "way").first()


def referrals_running(*, tenant_id: int) -> list[Referral]:
    """Those of running campaigns, with the campaign. One query."""
    rows = Referral.objects.filter(tenant_id=tenant_id, campaign__state=CampaignState.RUNNING)
    return list(rows.select_related("campaign").order_by("pk"))


def asked_of(*, referral: Referral) -> Asked | None:
    """What it asks of invitees; None for a draft without dates. The campaign is loaded. Three queries."""
    campaign = referral.campaign
    if campaign.starts_at is None or campaign.ends_at is None:
        return None
    return Asked(
        group_ids=frozenset(group_ids_of(tenant_id=referral.tenant_id, campaign_id=campaign.pk)),
        starts_at=campaign.starts_at, ends_at=campaign.ends_at, stay=timedelta(days=referral.stay_days),
        tag_ids=frozenset(referral.tag_ids),
        barred_ids=frozenset({*referral.barred_ids, *_blacklist(referral.tenant_id)}),
    )  # fmt: skip


def _blacklist(tenant_id: int) -> list[int]:
    """The tags by which a company keeps people out of every play."""
    name = preferences.value(tenant_id, BARRED_TAG).strip()
    return list(tag_list(tenant_id=tenant_id).filter(name=name).values_list("pk", flat=True)) if name else []


def inviter_get(*, tenant_id: int, inviter_id: int) -> Inviter | None:
    """With person, campaign, prize and code; None where it is gone."""
    rows = Inviter.objects.filter(tenant_id=tenant_id, pk=inviter_id)
    return rows.select_related(
        "customer", "referral__campaign", "referral__prize", "referral__way", "way"
    ).first()


def inviter_of(*, referral: Referral, person_id: int) -> Inviter | None:
    return Inviter.objects.filter(
        tenant_id=referral.tenant_id, referral=referral, customer_id=person_id
    ).first()


def invite_token(*, campaign: Campaign, referral: Referral) -> str:
    """The token of the page where a member sees the own invitees, or "" before the campaign has an end."""
    return page_token(campaign=campaign, kind=PlayKind.INVITE, row_id=referral.pk)


def invitation_token(*, campaign: Campaign, inviter: Inviter) -> str:
    """The token of the page that an inviter's friends open."""
    return page_token(campaign=campaign, kind=PlayKind.INVITATION, row_id=inviter.pk)


def token_of(campaign: Campaign) -> str:
    """The token of the page of a campaign's invitations, or ""."""
    referral = referral_of(campaign=campaign)
    return invite_token(campaign=campaign, referral=referral) if referral else ""


def referral_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a campaign with invitations from its start."""
    referral = referral_of(campaign=campaign)
    if referral is None:
        return []
    found = []
    if referral.prize is None and lottery_of(campaign=campaign) is None:
        found.append(Missing.INVITE_PRIZE)
    span = campaign.ends_at - campaign.starts_at if campaign.starts_at and campaign.ends_at else None
    if span is not None and span <= timedelta(days=referral.stay_days):
        found.append(Missing.INVITE_DAYS)
    return found


@dataclass(frozen=True)
class Known:
    """One person by all records: every time in a group, in the order they joined, and the tags carried now."""

    person_id: int
    record_ids: frozenset[int]
    entries: tuple[Entry, ...]
    tag_ids: frozenset[int]

    def as_person(self, *, inviter_person: int) -> Person:
        """What the policy looks at."""
        spells = tuple(Spell(one.group_id, one.joined_at, one.left_at) for one in self.entries)
        return Person(spells, self.tag_ids, is_inviter=inviter_person in self.record_ids)


def people_known(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, Known]:
    """{person: what is known of it} of the people behind these records. Four queries."""
    ids = set(customer_ids)
    merged = persons_of(tenant_id=tenant_id, customer_ids=ids)
    people = {merged.get(one, one) for one in ids}
    records: dict[int, set[int]] = {one: {one} for one in people}
    for record, person in records_under(tenant_id=tenant_id, person_ids=people).items():
        records[person].add(record)
    everyone = {one for some in records.values() for one in some}
    entries: dict[int, list[Entry]] = {}
    for entry in entries_of(tenant_id=tenant_id, customer_ids=everyone):
        entries.setdefault(entry.customer_id, []).append(entry)
    tags = tags_carried(tenant_id=tenant_id, customer_ids=everyone)
    return {
        person: Known(
            person, frozenset(some),
            tuple(sorted((e for one in some for e in entries.get(one, [])), key=lambda e: e.joined_at)),
            frozenset(tag for one in some for tag in tags.get(one, ())),
        )
        for person, some in records.items()
    }  # fmt: skip


def invite_list(*, campaign: Campaign) -> QuerySet[Invite]:
    """Every invitee of a campaign with the person and the inviter, the latest touch first."""
    rows = Invite.objects.filter(tenant_id=campaign.tenant_id, referral__campaign=campaign)
    return rows.select_related("customer", "inviter__customer", "referral").order_by("-touched_at", "-pk")


def invite_get(*, tenant_id: int, campaign_id: int, invite_id: int) -> Invite:
    """Raises Invite.DoesNotExist, also for another campaign's or tenant's id."""
    rows = Invite.objects.filter(tenant_id=tenant_id, referral__campaign_id=campaign_id)
    return rows.select_related("customer", "inviter__customer", "referral__campaign").get(pk=invite_id)


def inviter_list(*, campaign: Campaign) -> QuerySet[Inviter]:
    """Everybody who invites, the most precise invitees first; `counted`, `waiting` and `turned_down` beside."""
    rows = Inviter.objects.filter(tenant_id=campaign.tenant_id, referral__campaign=campaign)
    return rows.select_related("customer", "referral", "way").annotate(
        counted=_invites(InviteState.COUNTED), waiting=_invites(InviteState.STAYING, InviteState.HELD),
        turned_down=_invites(InviteState.REJECTED),
    ).order_by("-counted", "-waiting", "pk")  # fmt: skip


def _invites(*states: InviteState) -> Coalesce:
    rows = Invite.objects.filter(tenant_id=OuterRef("tenant_id"), inviter=OuterRef("pk"), state__in=states)
    found = rows.order_by().values("inviter").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(found), 0)


@dataclass(frozen=True)
class InviteFigures:
    """Live figures of a campaign's invitations. `reasons`: [(why, how many)], the most frequent first."""

    inviters: int
    reached: int
    joined: int
    counted: int
    staying: int
    held: int
    rejected: int
    stuck: int
    reasons: list[tuple[InviteReason, int]]


def figures_of_referral(*, referral: Referral) -> InviteFigures:
    """Three queries."""
    mine = {"tenant_id": referral.tenant_id, "referral": referral}
    people = Inviter.objects.filter(**mine).aggregate(
        inviters=Count("pk"), reached=Count("pk", filter=Q(award_id__isnull=False)),
        stuck=Count("pk", filter=~Q(stuck="")),
    )  # fmt: skip
    rows = Invite.objects.filter(**mine).order_by()
    states = dict(rows.values_list("state").annotate(n=Count("pk")))
    reasons = rows.filter(state=InviteState.REJECTED).values_list("reason").annotate(n=Count("pk"))
    return InviteFigures(
        inviters=people["inviters"], reached=people["reached"], stuck=people["stuck"],
        joined=sum(n for state, n in states.items() if state != InviteState.OPENED),
        counted=states.get(InviteState.COUNTED, 0), staying=states.get(InviteState.STAYING, 0),
        held=states.get(InviteState.HELD, 0), rejected=states.get(InviteState.REJECTED, 0),
        reasons=sorted(((InviteReason(why), n) for why, n in reasons), key=lambda one: (-one[1], one[0])),
    )  # fmt: skip


def invites_of(*, inviter: Inviter) -> list[Invite]:
    """The invitees of one inviter with the people, the latest touch first. One query."""
    rows = Invite.objects.filter(tenant_id=inviter.tenant_id, inviter=inviter)
    return list(rows.select_related("customer").order_by("-touched_at", "-pk"))


def invite_of_person(*, referral: Referral, record_ids: Iterable[int]) -> Invite | None:
    """The invite by which this person came, whatever record of theirs; the first where several were one day joined."""
    rows = Invite.objects.filter(
        tenant_id=referral.tenant_id, referral=referral, customer_id__in=list(record_ids)
    )
    return rows.select_related("inviter__customer").order_by("touched_at", "pk").first()


def record_ids_of(customer: "object") -> list[int]:
    """Every record of a customer's person."""
    return [one.pk for one in person_records(customer=customer)]  # type: ignore[arg-type]
