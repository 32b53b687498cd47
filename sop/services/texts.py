"""Final words and attachments of touches at hand-over: variables filled, links turned into radar links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from content.enums import LinkKind
from content.policies.attachments import DESCRIPTION_BYTES, LINK_TITLE_BYTES, MINI_TITLE_BYTES
from content.policies.wording import render
from content.services import RadarWish, radar_links_put
from sop.enums import PULL_CHANNELS
from sop.policies.attachments import with_words
from sop.selectors.texts import FACT_ID, values_of
from wecom.keeping.kept_rules import cut_bytes

if TYPE_CHECKING:
    from sop.models import Run, Touch
    from tenants.models import Tenant

# Link kinds that lead to the product when the step names no address of its own.
PRODUCT_LINKS = frozenset({"purchase", "pay"})


@dataclass(frozen=True)
class Message:
    """What the customer will read and get with it."""

    text: str
    attachments: list[dict[str, Any]]
    fact_id: int | None = None  # the product fact it tells


def messages_of(*, tenant: "Tenant", touches: Sequence["Touch"]) -> dict[int, Message]:
    """Touch id -> its message as the customer gets it. Makes missing radar links: one a run, step, link and group."""
    wishes: dict[int, dict[str, RadarWish]] = {
        touch.pk: {} if touch.is_talk else _wishes(touch) for touch in touches
    }
    made = radar_links_put(
        tenant_id=tenant.pk, wishes=[wish for some in wishes.values() for wish in some.values()]
    )
    found: dict[int, Message] = {}
    same: dict[tuple[object, ...], Message] = {}  # one wording for all who join a group on one morning
    for touch in touches:
        if touch.is_talk:
            found[touch.pk] = Message(
                render(touch.step.talk_text, values_of(tenant=tenant, touch=touch), {}), []
            )
            continue
        alike = (touch.run_id, touch.step_id, touch.group_id, touch.staff_id, touch.planned_at)
        if alike not in same:
            links = {key: made[wish.source_id, wish.source_key] for key, wish in wishes[touch.pk].items()}
            same[alike] = _message(touch, values_of(tenant=tenant, touch=touch), links)
        found[touch.pk] = same[alike]
    return found


def _message(touch: "Touch", values: dict[str, str], links: dict[str, str]) -> Message:
    urls = {
        number: links[_card(number)]
        for number, one in enumerate(touch.step.attachments)
        if one["kind"] == "link"
    }
    parts = with_words(touch.step.attachments, lambda words: render(words, values, links), urls)
    for one, written in zip(parts, touch.step.attachments, strict=True):
        most = MINI_TITLE_BYTES if one["kind"] == "mini_program" else LINK_TITLE_BYTES
        one["title"] = cut_bytes(one["title"], most) or written["title"]
        one["description"] = cut_bytes(one["description"], DESCRIPTION_BYTES)
    told = int(values[FACT_ID]) if FACT_ID in values else None
    return Message(render(touch.step.text, values, links), parts, told)


def _card(number: int) -> str:
    """The key of a link card's radar link; a step's own links are keyed by words."""
    return f"@{number}"


def _wishes(touch: "Touch") -> dict[str, RadarWish]:
    """Links of one touch. A post on Moments is one for whatever groups it is planned for, and so are its links."""
    found = {}
    group_id = None if touch.channel in PULL_CHANNELS else touch.group_id
    place = group_id or "post"
    for link in touch.step.links:
        url = target_url(touch.run, link)
        if url:
            found[link["key"]] = RadarWish(
                target_url=url,
                title=link["title"],
                kind=link["kind"],
                object_id=link.get("object_id") or link["key"],
                group_id=group_id,
                source_kind="sop.run",
                source_id=touch.run_id,
                source_key=f"{touch.step.key}:{link['key']}:{place}",
            )
    for number, part in enumerate(touch.step.attachments):
        if part["kind"] == "link":
            found[_card(number)] = RadarWish(
                target_url=part["url"],
                title=part["title"][:64],
                kind="link",
                object_id=f"{touch.step.key}:{_card(number)}",
                group_id=group_id,
                source_kind="sop.run",
                source_id=touch.run_id,
                source_key=f"{touch.step.key}:{_card(number)}:{place}",
            )
    return found


def target_url(run: "Run", link: dict[str, str]) -> str:
    """The step's own address; else the product's for purchase and payment, the key interaction's for the rest."""
    if link["kind"] == LinkKind.PULSE:
        return f"{settings.PUBLIC_URL}/r/p/"  # the radar link's own token leads to the question
    own = link.get("url", "")
    return own or (run.product_url if link["kind"] in PRODUCT_LINKS else run.interaction_url)
