"""A material of the library or a topic of the bank into a slot of the weekly push table (R61, R63, R65)."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from content.selectors.library import material_words, materials_to_pick
from sop.enums import ContentType
from sop.errors import SlotInvalid, TopicUnknown
from sop.models import Topic
from sop.policies.push import Place
from sop.services.push import SlotWish, Undo, slot_put
from tenants.audit import Actor

if TYPE_CHECKING:
    from tenants.models import Tenant


def topic_put_in_slot(
    *, tenant: "Tenant", group_id: int, monday: date, place: Place, topic_id: int, actor: Actor
) -> Undo:
    """A topic into a slot with its words and its opener. Raises TopicUnknown, WeekFixed, SlotInvalid, NotPermitted."""
    topic = Topic.objects.filter(tenant=tenant, pk=topic_id, archived_at=None).first()
    if topic is None:
        raise TopicUnknown
    wish = SlotWish(
        content_type=ContentType.TOPIC, title=topic.title, text=topic.text, topic_id=topic.pk,
        staff_id=topic.opener_id,
    )  # fmt: skip
    return slot_put(tenant=tenant, group_id=group_id, monday=monday, place=place, wish=wish, actor=actor)


def material_put_in_slot(
    *, tenant: "Tenant", group_id: int, monday: date, place: Place, material_id: int, actor: Actor
) -> Undo:
    """An approved material into a slot: its words, links and attachments are copied.

    Raises SlotInvalid for one that may not be used now, WeekFixed, NotPermitted.
    """
    found = materials_to_pick(tenant=tenant, material_id=material_id)
    if not found:
        raise SlotInvalid
    row = found[0]
    kind = ContentType.VALUE if row.kind == ContentType.CARE else row.kind  # the table counts care as value
    words = material_words(row)
    wish = SlotWish(
        content_type=kind, title=row.title[:64], text=words.text, links=words.links, material_id=row.pk,
        attachments=[asdict(one) for one in words.attachments],
    )  # fmt: skip
    return slot_put(tenant=tenant, group_id=group_id, monday=monday, place=place, wish=wish, actor=actor)
