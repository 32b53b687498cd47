"""Reads of super-user groups (R16): the rule, the mix, who qualifies, who was asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contacts.policies.tag_rules import Condition, Found, Verdict, conditions_from, evidence_of, judged
from contacts.selectors import (
    customer_names,
    follow_staff_ids,
    follow_staff_names,
    opted_out_in,
    tag_list,
    tags_of,
)
from contacts.selectors.facts import facts_for, people_perhaps
from contacts.selectors.tags import condition_words, evidence_words, fact_choices, fact_names
from content.policies.radar import token_tenant
from groups.enums import OPEN_INVITES, SUPER_BAND, SUPER_SHARE, SUPER_TAG, InviteState, Kind
from groups.models import Group, Invitation, Member, ScreeningRule
from groups.policies.mix import Band, Mix
from groups.selectors.members import members_current
from tenants import preferences
from tenants.models import Tenant

TAG = "tag:"
LOOKED_AT = 5000  # people judged at most for one list


@dataclass(frozen=True)
class Candidate:
    """Somebody who meets the rule and sits in no super-user group. `evidence` in words; `staff` are friends."""

    customer_id: int
    name: str
    is_super: bool
    evidence: list[str]
    staff: list[str]


@dataclass(frozen=True)
class Standing:
    """A group's mix now and with everybody invited, against its band."""

    now: Mix
    invited: Mix
    band: Band
    tag: str

    @property
    def is_off(self) -> bool:
        return self.now.is_off(self.band)


def rule_of(*, tenant_id: int, group_id: int) -> ScreeningRule | None:
    """The rule of a group, published or not."""
    return ScreeningRule.objects.filter(tenant_id=tenant_id, group_id=group_id).first()


def public_tenant(token: str) -> Tenant | None:
    """The company whose page a token may be; None for nonsense, unknown and suspended ones. No scope needed."""
    tenant_id = token_tenant(token)
    if tenant_id is None or tenant_id >= 2**63:
        return None
    return Tenant.objects.filter(pk=tenant_id, suspended_at=None).first()


def public_rule(*, tenant: Tenant, token: str) -> ScreeningRule | None:
    """The published rule behind a token, or None. Needs the tenant's scope."""
    rows = ScreeningRule.objects.filter(tenant=tenant, token=token, published_at__isnull=False)
    return rows.filter(group__kind=Kind.SUPER_USER, group__dismissed_at=None).select_related("group").first()


def rule_choices(*, tenant_id: int) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """What a screening rule can count: what tag rules can, and tags."""
    from_tags = [(f"{TAG}{name}", name) for name in _tag_names(tenant_id)]
    return [*fact_choices(tenant_id=tenant_id), *([(_("Carries the tag"), from_tags)] if from_tags else [])]


def _tag_names(tenant_id: int) -> list[str]:
    from_people = preferences.value(tenant_id, SUPER_TAG)
    return sorted({from_people, *tag_list(tenant_id=tenant_id).values_list("name", flat=True)})


def rule_names(*, tenant_id: int, conditions: Iterable[Condition]) -> dict[str, str]:
    """{fact: what it is called}, tags too."""
    tags = {one.fact: _("Tag “%(name)s”") % {"name": one.fact.removeprefix(TAG)} for one in conditions}
    return {**tags, **fact_names(tenant_id=tenant_id)}


def conditions_words(*, tenant_id: int, conditions: tuple[Condition, ...], needs_all: bool) -> str:
    """The rule in one sentence."""
    names = rule_names(tenant_id=tenant_id, conditions=conditions)
    glue = _(" and ") if needs_all else _(" or ")
    return glue.join(_said(one, names) for one in conditions)


def _said(condition: Condition, names: dict[str, str]) -> str:
    return names[condition.fact] if condition.fact.startswith(TAG) else condition_words(condition, names)


def verdicts_of(
    *, tenant_id: int, customer_ids: Iterable[int], rule: ScreeningRule, now: datetime
) -> dict[int, Verdict]:
    """{customer id: Verdict} by the rule, on what is on record now. A constant number of queries."""
    ids, conditions = sorted(set(customer_ids)), conditions_from(rule.conditions)
    keys = [one.key for one in conditions if not one.fact.startswith(TAG)]
    facts: dict[int, Any] = facts_for(tenant_id=tenant_id, customer_ids=ids, keys=keys, now=now)
    if any(one.fact.startswith(TAG) for one in conditions):
        for who, names in tags_of(tenant_id=tenant_id, customer_ids=ids).items():
            facts[who] |= {(f"{TAG}{name}", days): Found(1) for name in names for days in (None,)}
    return {who: judged(conditions, needs_all=rule.needs_all, facts=facts[who]) for who in ids}


def candidates_of(*, tenant: Tenant, group: Group, rule: ScreeningRule, now: datetime) -> list[Candidate]:
    """Who meets the rule, sits in no super-user group, is not invited to one and has not opted out.

    At most LOOKED_AT people are judged, the newest first. A constant number of queries.
    """
    conditions = conditions_from(rule.conditions)
    ids = people_perhaps(
        tenant_id=tenant.pk, needs_all=rule.needs_all, most=LOOKED_AT,
        keys=[one.key for one in conditions if not one.fact.startswith(TAG)],
        tags=[one.fact.removeprefix(TAG) for one in conditions if one.fact.startswith(TAG)],
        without=taken(tenant_id=tenant.pk) | declined_in(tenant_id=tenant.pk, group_id=group.pk),
    )  # fmt: skip
    verdicts = verdicts_of(tenant_id=tenant.pk, customer_ids=ids, rule=rule, now=now)
    held = [who for who in ids if verdicts[who].holds]
    return candidates_named(tenant_id=tenant.pk, customer_ids=held, rule=rule, verdicts=verdicts)


def candidates_named(
    *, tenant_id: int, customer_ids: list[int], rule: ScreeningRule, verdicts: dict[int, Verdict]
) -> list[Candidate]:
    """These people with their evidence in words, in the order given."""
    names = rule_names(tenant_id=tenant_id, conditions=conditions_from(rule.conditions))
    called = customer_names(tenant_id=tenant_id, customer_ids=customer_ids)
    supers = supers_among(tenant_id=tenant_id, customer_ids=customer_ids)
    friends = follow_staff_names(tenant_id=tenant_id, customer_ids=customer_ids)
    return [
        Candidate(
            customer_id=who, name=called.get(who, ""), is_super=who in supers, staff=friends.get(who, []),
            evidence=said_of(evidence_of(verdicts[who], version=rule.version, needs_all=rule.needs_all), names),
        )
        for who in customer_ids
    ]  # fmt: skip


def said_of(evidence: dict[str, Any], names: dict[str, str]) -> list[str]:
    """What the rule counted, of the conditions that held."""
    met = [one for one in evidence.get("found", []) if one["count"] >= one["at_least"]]
    tags = [names.get(one["fact"], one["fact"]) for one in met if one["fact"].startswith(TAG)]
    counted = [one for one in met if not one["fact"].startswith(TAG)]
    return [*tags, *evidence_words({"found": counted}, names)]


def taken(*, tenant_id: int) -> set[int]:
    """Customers who sit in a super-user group, or are invited to one."""
    groups = Group.objects.filter(tenant_id=tenant_id, kind=Kind.SUPER_USER, dismissed_at=None)
    rows = Member.objects.filter(
        tenant_id=tenant_id, group__in=groups, left_at=None, is_staff=False, customer__isnull=False
    )
    seated = set(rows.values_list("customer_id", flat=True))
    asked = Invitation.objects.filter(tenant_id=tenant_id, state__in=OPEN_INVITES, group__in=groups)
    return seated | set(asked.values_list("customer_id", flat=True))


def declined_in(*, tenant_id: int, group_id: int) -> set[int]:
    """Who has said no to this group: asked again only by hand."""
    rows = Invitation.objects.filter(tenant_id=tenant_id, group_id=group_id, state=InviteState.DECLINED)
    return set(rows.values_list("customer_id", flat=True))


def supers_among(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Those who carry the tag of a super-user."""
    tag = preferences.value(tenant_id, SUPER_TAG)
    return {
        who for who, names in tags_of(tenant_id=tenant_id, customer_ids=customer_ids).items() if tag in names
    }


def standing_of(*, tenant_id: int, group: Group) -> Standing:
    """The mix of a group now, and when everybody invited has joined."""
    own = preferences.values(tenant_id, SUPER_SHARE, SUPER_BAND, SUPER_TAG)
    here = members_current(tenant_id=tenant_id, group_ids=[group.pk])[group.pk]
    asked = Invitation.objects.filter(tenant_id=tenant_id, group=group, state__in=OPEN_INVITES)
    coming = set(asked.values_list("customer_id", flat=True)) - set(here)
    supers = supers_among(tenant_id=tenant_id, customer_ids={*here, *coming})
    now = Mix(len(supers & set(here)), len(here))
    more = len(supers & coming)
    return Standing(
        now=now, invited=now.joined_by(supers=more, potentials=len(coming) - more),
        band=Band(own[SUPER_SHARE.key], own[SUPER_BAND.key]), tag=own[SUPER_TAG.key],
    )  # fmt: skip


def invitation_list(*, tenant_id: int, group_id: int) -> QuerySet[Invitation]:
    """Invitations of a group, the latest first."""
    rows = Invitation.objects.filter(tenant_id=tenant_id, group_id=group_id)
    return rows.select_related("customer", "staff").order_by("-invited_at", "-pk")


def invitation_get(*, tenant_id: int, invitation_id: int) -> Invitation:
    """With group, customer and staff. Raises Invitation.DoesNotExist, also for another tenant's id."""
    rows = Invitation.objects.select_related("group", "customer", "staff")
    return rows.get(tenant_id=tenant_id, pk=invitation_id)


def asked_by(*, tenant_id: int, customer_ids: Iterable[int], owner_id: int | None) -> dict[int, int | None]:
    """{customer id: staff who asks}: the group's owner where a friend, else the oldest friend, else the owner."""
    wanted = list(customer_ids)
    friends = follow_staff_ids(tenant_id=tenant_id, customer_ids=wanted)
    return {
        who: owner_id if owner_id in friends.get(who, []) else next(iter(friends.get(who, [])), owner_id)
        for who in wanted
    }


def opted_out(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Those who want no marketing: nobody invites them."""
    return opted_out_in(tenant_id=tenant_id, customer_ids=customer_ids)
