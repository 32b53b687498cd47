"""Who is asked to know which card by when, kept beside Today (R126)."""

from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse

from contacts.selectors.skus import sku_choices
from content.enums import KNOWLEDGE_CAMP_DAYS, KNOWLEDGE_DAYS, CardState
from content.models import KnowledgeCard, KnowledgeStanding
from content.policies.knowledge import Asked, Known, Wanted, wanted
from content.selectors.knowledge import camp_people
from team.enums import Bucket, WorkKind, WorkState
from team.selectors.profiles import staff_to_train
from team.services import work_items_close, work_items_put
from tenants import clock, preferences
from tenants.locking import one_at_a_time
from tenants.models import Tenant
from tenants.words import say

DUTY = "content.card"


def cards_lock(tenant: Tenant) -> None:
    """Whoever changes cards of a company does so one after the other: each change looks at all of them."""
    one_at_a_time("content_knowledge", tenant_id=tenant.pk)


def duties_refresh(*, tenant: Tenant) -> int:
    """Ask whom the cards and camps of now ask for, drop what nobody asks for any more. Returns how many wait.

    Constant statements for any number of people and cards. Safe to repeat, also at once: what people did stays.
    """
    with transaction.atomic():
        cards_lock(tenant)
        live = KnowledgeCard.objects.filter(tenant=tenant, state=CardState.LIVE, archived_at=None)
        cards = {row.pk: row for row in live.order_by("pk")}
        held = KnowledgeStanding.objects.select_for_update(no_key=True).filter(tenant=tenant).order_by("pk")
        rows = {(row.card_id, row.staff_id): row for row in held}
        plan = _plan(tenant, cards, rows)
        _store(tenant, rows, plan)
        waiting = {
            row.pk: _item(tenant, cards[row.card_id], row)
            for key, row in rows.items()
            if key in plan and not plan[key].is_done
        }
        work_items_put(tenant_id=tenant.pk, source_kind=DUTY, items=waiting)
        gone = [row.pk for key, row in rows.items() if key not in plan]
        work_items_close(tenant_id=tenant.pk, source_kind=DUTY, source_ids=gone, state=WorkState.CANCELLED)
    return len(waiting)


def _plan(
    tenant: Tenant, cards: dict[int, KnowledgeCard], rows: dict[tuple[int, int], KnowledgeStanding]
) -> dict[tuple[int, int], Wanted]:
    names = dict(sku_choices(tenant_id=tenant.pk)) if any(row.sku_code for row in cards.values()) else {}
    return wanted(
        cards=[
            Asked(row.pk, row.asks, row.asked_edition, names.get(row.sku_code, row.sku_code)) for row in cards.values()
        ],
        people=staff_to_train(tenant_id=tenant.pk),
        camps=camp_people(tenant=tenant),
        known={
            key: Known(row.done_edition, row.asked_edition, row.asked_at if row.is_asked else None)
            for key, row in rows.items()
        },
        now=clock.now(),
        zone=tenant.timezone,
        days=preferences.value(tenant.pk, KNOWLEDGE_DAYS),
        camp_days=preferences.value(tenant.pk, KNOWLEDGE_CAMP_DAYS),
    )  # fmt: skip


def _store(
    tenant: Tenant, rows: dict[tuple[int, int], KnowledgeStanding], plan: dict[tuple[int, int], Wanted]
) -> None:
    """Make and change standings as planned; `rows` holds all of them afterwards."""
    KnowledgeStanding.objects.bulk_create(
        [
            KnowledgeStanding(tenant=tenant, card_id=card, staff_id=staff)
            for card, staff in plan
            if (card, staff) not in rows
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    if set(plan) - set(rows):
        found = KnowledgeStanding.objects.filter(tenant=tenant).order_by("pk")
        rows |= {(row.card_id, row.staff_id): row for row in found if (row.card_id, row.staff_id) not in rows}
    changed = []
    for key, row in rows.items():
        one = plan.get(key)
        values = (
            (True, one.edition, one.asked_at, one.due_at, one.camp[:64])
            if one
            else (False, row.asked_edition, row.asked_at, None, "")
        )
        if (row.is_asked, row.asked_edition, row.asked_at, row.due_at, row.camp) != values:
            row.is_asked, row.asked_edition, row.asked_at, row.due_at, row.camp = values
            changed.append(row)
    KnowledgeStanding.objects.bulk_update(
        changed, ["is_asked", "asked_edition", "asked_at", "due_at", "camp"], batch_size=1000
    )


def _item(tenant: Tenant, card: KnowledgeCard, row: KnowledgeStanding) -> dict[str, object]:
    """The row of Today: a camp is a promise to customers, the rest a reminder."""
    where = {"pk": card.pk}
    return {
        "staff_id": row.staff_id,
        "kind": WorkKind.KNOWLEDGE,
        "bucket": Bucket.MUST if row.camp else Bucket.REMIND,
        "title": say("Know the card: %(card)s") % {"card": card.title},
        "detail": card.summary,
        "reason": say("%(camp)s begins soon, and you lead a group of it") % {"camp": row.camp}
        if row.camp
        else say("Everybody who works with customers is asked to know it"),
        "starts_at": row.asked_at,
        "due_at": row.due_at,
        "url": reverse("content:knowledge_card", kwargs={"tenant_slug": tenant.slug, **where}),
        "phone_url": reverse("content_phone:knowledge_card", kwargs={"phone_slug": tenant.slug, **where}),
        "verb_label": say("Read it"),
    }


def duty_done(*, tenant: Tenant, standing_ids: Iterable[int], by: str) -> None:
    """Take off Today what somebody knows now. Safe to repeat."""
    work_items_close(
        tenant_id=tenant.pk, source_kind=DUTY, source_ids=standing_ids, state=WorkState.DONE, by=by
    )
