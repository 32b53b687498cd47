"""A step's message as WeChat shows it, with its variables filled from a real group where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from content.policies.wording import pieces, unknown_names
from sop.policies.message import Limit, text_limit, text_size
from sop.selectors.texts import words_used
from tenants import clock
from wecom.keeping.assets import asset_ids_in, assets_by_id

if TYPE_CHECKING:
    from groups.models import Group
    from sop.models import Run, Step, Touch
    from tenants.models import Tenant

_PART_KINDS = {"mini_program": "mini"}
# What the drawer offers to insert, in each language; the first is what a message to many cannot name.
_ONE_TO_ONE = {"zh": "客户称呼", "en": "customer"}
_NAMES = {
    "zh": (
        "群名",
        "老师称呼",
        "品牌",
        "课程",
        "优惠截止",
        "开营日期",
        "第几天",
        "总天数",
        "剩余天数",
        "一句话承诺",
    ),
    "en": (
        "group",
        "teacher",
        "brand",
        "product",
        "offer ends",
        "start date",
        "day",
        "days in all",
        "days left",
        "promise",
    ),
}


@dataclass(frozen=True)
class Preview:
    """`parts` for console/_message.html; `size` of `limit` is the filled text's, `unknown` nothing will fill."""

    parts: list[dict[str, Any]]
    sender: str
    place: str
    size: int
    limit: Limit
    unknown: list[str]

    @property
    def is_over(self) -> bool:
        return bool(self.limit.most) and self.size > self.limit.most


def language_key() -> str:
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


def variables_offered() -> tuple[str, list[str]]:
    """(the customer's name, what else can be inserted into any message)."""
    key = language_key()
    return _ONE_TO_ONE[key], list(_NAMES[key])


def sample_values(
    *, tenant: "Tenant", step: "Step", group: "Group | None", run: "Run | None"
) -> dict[str, str]:
    """Variable -> value: from the group and its run, where there are none made up."""
    today = clock.local_date(clock.now(), tenant.timezone)
    ends = run.offer_ends_at if run is not None else None
    wall = clock.local(ends, tenant.timezone) if ends else None
    owner = group.owner if group is not None else None
    promise = (
        group.value_proposition.strip() if group is not None else _("30 days to a habit of reading aloud")
    )
    days, day = run.days if run is not None else step.version.days, step.day or step.version.offer_day or 1
    return {
        "group": str(group) if group is not None else _("Starter 03"),
        "customer": _("Ms Wang"),
        "teacher": str(owner) if owner is not None else _("Teacher Lin"),
        "brand": tenant.brand or tenant.name,
        "product": (run.product_title if run is not None else "") or _("The year course"),
        "offer_ends": f"{formats.date_format(wall, 'MONTH_DAY_FORMAT')} {wall:%H:%M}" if wall else "20:00",
        "starts_on": formats.date_format(run.starts_on if run is not None else today, "MONTH_DAY_FORMAT"),
        "day": str(day),
        "days": str(days),
        "days_left": str(max(days - day, 0)),
        **({"promise": promise} if promise else {}),
        **(run.variables if run is not None else {}),
    }


def message_preview(*, tenant: "Tenant", step: "Step", group: "Group | None", run: "Run | None") -> Preview:
    """A step, saved or not, as the customer would see it. At most one query."""
    values = sample_values(tenant=tenant, step=step, group=group, run=run)
    links = {one["key"]: f"https://…/r/{number}" for number, one in enumerate(step.links, 1)}
    said = pieces(step.text.strip(), values, links)
    text = "".join(words for words, _kind in said)
    limit = text_limit(step.channel)
    parts: list[dict[str, Any]] = [{"kind": "text", "text": text, "pieces": said}] if text else []
    return Preview(
        parts=parts + attachment_parts(tenant_id=tenant.pk, attachments=step.attachments),
        sender=values["teacher"],
        place=values["group"],
        size=text_size(text, limit),
        limit=limit,
        unknown=unknown_names(step.text, run.variables if run is not None else {}, frozenset(links)),
    )


def touch_parts(touch: "Touch", *, own: str = "") -> list[dict[str, Any]]:
    """A touch's message as it was handed over, `own` to its one person; before that, as it is written. At most one
    query."""
    is_final = touch.text or touch.attachments or touch.is_talk
    text = own or touch.text or words_used(touch)
    said = [{"kind": "text", "text": text}] if text else []
    along = touch.attachments if is_final else touch.step.attachments
    return said + attachment_parts(tenant_id=touch.tenant_id, attachments=along)


def attachment_parts(*, tenant_id: int, attachments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Attachments as console/_message.html takes them. A query when files are among them."""
    known = (
        assets_by_id(tenant_id=tenant_id, asset_ids=asset_ids_in(list(attachments))) if attachments else {}
    )
    found = []
    for one in attachments:
        asset = known.get(one.get("asset_id") or 0)
        found.append(
            {
                "kind": _PART_KINDS.get(one["kind"], one["kind"]),
                "title": one.get("title") or (asset.name if asset else ""),
                "detail": one.get("description") or "",
                "url": one.get("url") or "",
                "picture": one.get("image_url") or "",
                "asset_id": asset.pk if asset else None,
                "size_bytes": asset.size_bytes if asset else None,
            }
        )
    return found
