"""Our own tags and their groups: made, renamed, put away (R32). WeCom's are changed in WeCom."""

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.enums import SkuKind
from contacts.errors import TagForeign, TagTaken, TagUnknown
from contacts.models import Tag, TagGroup
from contacts.policies.tag_rules import BOUGHT, CHANNEL, ORDERED, SILENT, STAGE, TIER, Condition
from contacts.selectors.channels import channel_list
from contacts.selectors.facts import circle_choices
from contacts.services.tag_rules import tag_rule_save
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SOURCES_MOST = 20  # channels that get a tag of their own


def tag_save(*, tenant: Tenant, name: str, group: str, actor: Actor, tag_id: int | None = None) -> Tag:
    """Make a tag of ours in a group named `group`, or rename and move one. A new group name makes the group.

    Raises TagTaken, TagUnknown, TagForeign, NotPermitted. Not safe to repeat: the second is TagTaken.
    """
    require(actor, Permission.OPERATE)
    name, group = name.strip()[:64], group.strip()[:64]
    with transaction.atomic():
        holder = _group(tenant, group)
        tag = _own(tenant, tag_id) if tag_id else Tag(tenant=tenant, app=None)
        taken = Tag.objects.filter(tenant=tenant, app=None, deleted_at=None, group=holder, name=name)
        if taken.exclude(pk=tag.pk).exists():
            raise TagTaken
        before = f"{tag.group} / {tag.name}" if tag.pk else None
        tag.name, tag.group = name, holder
        tag.save()
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.tag.changed" if before else "contacts.tag.added",
            target=tag,
            changes={"tag": [before, f"{group} / {name}"]},
        )
    return tag


def _group(tenant: Tenant, name: str) -> TagGroup:
    """Our group of this name, made if need be and locked: of two equal tags at once the second sees the first."""
    groups = TagGroup.objects.filter(tenant=tenant, app=None, deleted_at=None, name=name)
    if not groups.exists():
        TagGroup.objects.bulk_create([TagGroup(tenant=tenant, app=None, name=name)], ignore_conflicts=True)
    return groups.select_for_update(no_key=True).get()


def _own(tenant: Tenant, tag_id: int) -> Tag:
    tag = (
        Tag.objects.select_for_update(of=("self",), no_key=True)
        .select_related("group")
        .filter(tenant=tenant, pk=tag_id)
        .first()
    )
    if tag is None:
        raise TagUnknown
    if not tag.is_own:
        raise TagForeign
    return tag


def tag_set_archived(*, tenant: Tenant, tag_id: int, is_archived: bool, actor: Actor) -> Tag:
    """Put a tag of ours away, or take it back. Whoever carries it keeps it unseen; its rule rests. Safe to repeat.

    Raises TagUnknown, TagForeign, TagTaken, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        tag = _own(tenant, tag_id)
        if bool(tag.deleted_at) == is_archived:
            return tag
        if tag.group:
            _group(tenant, tag.group.name)
        live = Tag.objects.filter(tenant=tenant, app=None, deleted_at=None, group=tag.group, name=tag.name)
        if not is_archived and live.exists():
            raise TagTaken
        tag.deleted_at = clock.now() if is_archived else None
        tag.save(update_fields=["deleted_at"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.tag.archived" if is_archived else "contacts.tag.restored",
            target=tag,
        )
    return tag


def builtin_tags(*, tenant_id: int) -> list[tuple[str, Condition]]:
    """The tags that every team wants, with the rule of each, in the language in hand: source, stage, tier, circle,
    silence, buyer, kind of order (R32)."""
    sources = [
        (_("From %(channel)s") % {"channel": one.name[:24]}, Condition(f"{CHANNEL}{one.pk}"))
        for one in channel_list(tenant_id=tenant_id)[:SOURCES_MOST]
    ]
    circles = [(str(label), Condition(fact)) for fact, label in circle_choices()]
    orders = [
        (_("Bought: %(kind)s") % {"kind": label}, Condition(f"{ORDERED}{key}"))
        for key, label in SkuKind.choices
    ]
    stages = [(_("Stage %(n)s or further") % {"n": n}, Condition(STAGE, n)) for n in range(3, 8)]
    tiers = [(_("Tier %(tier)s") % {"tier": one}, Condition(f"{TIER}{one}")) for one in ("S", "A+", "A", "B")]
    return [
        (_("Buyer"), Condition(BOUGHT)),
        (_("Bought again"), Condition(BOUGHT, 2)),
        (_("No interaction for 7 days"), Condition(SILENT, 7)),
        *tiers,
        *stages,
        *circles,
        *orders,
        *sources,
    ]


def tags_add_builtin(*, tenant: Tenant, actor: Actor) -> int:
    """Make the built-in tags that are not there yet. Returns how many. Safe to repeat."""
    require(actor, Permission.OPERATE)
    group, made = _("Built-in"), 0
    with transaction.atomic():
        known = Tag.objects.filter(tenant=tenant, app=None, deleted_at=None, group__name=group)
        names = set(known.values_list("name", flat=True))
        for name, condition in builtin_tags(tenant_id=tenant.pk):
            if name not in names:
                tag = tag_save(tenant=tenant, name=name, group=group, actor=actor)
                tag_rule_save(
                    tenant=tenant,
                    tag_id=tag.pk,
                    conditions=(condition,),
                    needs_all=True,
                    keeps_days=None,
                    actor=actor,
                )
                made += 1
    return made
