"""What a company says of its trust stages itself, and by what rule people reach them (R33)."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from contacts.errors import StageInvalid, StageNameTaken
from contacts.models import StageSetting
from contacts.policies.stages import BUILT_IN, STAGES, StageRule, is_rule
from contacts.selectors.stages import stage_names
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

WORDS = ("name", "state", "need", "action", "content")


@dataclass(frozen=True)
class StageWish:
    """A stage in a company's own words; "" and None: as built in."""

    name: str = ""
    state: str = ""
    need: str = ""
    action: str = ""
    content: str = ""
    rule: StageRule | None = None


def stage_configure(*, tenant: Tenant, stage: int, wish: StageWish, actor: Actor) -> bool:
    """Keep what a company says of one stage. Returns whether its rule changed: nobody is judged anew by that alone.

    A rule equal to the built-in one is no rule of its own. Raises StageInvalid (also for a rule of the first stage),
    StageNameTaken, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    rule = None if wish.rule is None or wish.rule == BUILT_IN.get(stage) else wish.rule
    if stage not in STAGES or (rule is not None and not is_rule(stage, rule)):
        raise StageInvalid
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        words = {field: getattr(wish, field).strip() for field in WORDS}
        others = {str(name) for number, name in stage_names(tenant_id=tenant.pk).items() if number != stage}
        if words["name"] in others:
            raise StageNameTaken
        row, _is_new = StageSetting.objects.get_or_create(tenant=tenant, stage=stage)
        before = {**{field: getattr(row, field) for field in WORDS}, "rule": _plain(row.counts, row.any_of)}
        for field, said in words.items():
            setattr(row, field, said)
        row.counts = None if rule is None else dict(rule.counts)
        row.any_of = rule is not None and rule.any_of
        after = {**words, "rule": _plain(row.counts, row.any_of)}
        changes = {
            key: [before[key] or None, after[key] or None] for key in after if before[key] != after[key]
        }
        if changes:
            row.changed_at = clock.now()
            row.save()
            audit.record(
                tenant=tenant, actor=actor, verb="contacts.stages.configured", target=row, changes=changes
            )
    return "rule" in changes


def _plain(counts: Any, any_of: bool) -> str:
    """A rule as the trail keeps it; "" for the built-in one."""
    if counts is None:
        return ""
    return (" | " if any_of else " & ").join(
        f"{name} {least}" for name, least in sorted(counts.items())
    ) or "–"
