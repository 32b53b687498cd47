"""Lines of the drawer of a step: what comes along, and its tracked links, each with the JSON its input carries."""

import json
from collections.abc import Sequence
from typing import Any

from content.enums import LinkKind
from content.policies.attachments import KIND_LABELS
from sop.selectors.preview_message import attachment_parts, language_key

PART_ICONS = {
    "image": "photo",
    "link": "link",
    "mini_program": "app-window",
    "video": "video",
    "file": "file",
}


def part_rows(attachments: Sequence[dict[str, Any]], tenant_id: int) -> list[dict[str, Any]]:
    """Attachments as the drawer lists them. A query when there are files."""
    shown = attachment_parts(tenant_id=tenant_id, attachments=attachments)
    return [
        {
            **part,
            "json": json.dumps(one, ensure_ascii=False),
            "label": KIND_LABELS[one["kind"]],
            "icon": PART_ICONS[one["kind"]],
        }
        for one, part in zip(attachments, shown, strict=True)
    ]


def link_rows(links: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """Tracked links as the drawer lists them, with the variable that puts each into the text."""
    prefix = "链接:" if language_key() == "zh" else "link:"
    kinds = dict(LinkKind.choices)
    return [
        {
            **one,
            "json": json.dumps(one, ensure_ascii=False),
            "label": kinds.get(one["kind"], one["kind"]),
            "variable": f"{{{prefix}{one['key']}}}",
        }
        for one in links
    ]
