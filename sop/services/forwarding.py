"""What a staff member's phone hands to WeCom with one tap: the attachments in the shapes of its JS-SDK."""

from typing import TYPE_CHECKING, Any

from sop.policies.attachments import needs_media, needs_picture, to_chat, to_share
from wecom.keeping.assets import media_ids, picture_urls

if TYPE_CHECKING:
    from sop.models import Touch


def forward_parts(*, tenant_id: int, touch: "Touch") -> dict[str, list[dict[str, Any]]]:
    """{"chat": messages for sendChatMessage, "share": attachments for shareToExternalChat}, the words not among them.

    May upload files to WeCom. Raises NotConnected, WecomError, KeyError for a file that is gone. Safe to repeat.
    """
    parts = touch.attachments
    media = media_ids(tenant_id=tenant_id, asset_ids=needs_media(parts))
    pictures = picture_urls(tenant_id=tenant_id, asset_ids=needs_picture(parts))
    return {"chat": to_chat(parts, media, pictures), "share": to_share(parts, media, pictures)}
