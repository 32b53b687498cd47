"""The freshness of groups on their pages: one look at the callbacks a page, one stamp a group."""

from typing import Any

from django.http import HttpRequest

from groups.models import Group
from groups.policies.freshness import Stamp, stamp_of
from tenants import clock
from wecom.archive.selectors import apps_with_archive
from wecom.reading.readings import Callbacks, callbacks_of, lost_of
from wecom.selectors import app_of


def callbacks_for(request: HttpRequest) -> Callbacks:
    """Whether callbacks reach this company. Two queries, and one more where the page has not asked for the app."""
    tenant = request.tenant  # type: ignore[attr-defined]
    if not hasattr(request, "wecom_app"):
        request.wecom_app = app_of(apps_with_archive(tenant_id=tenant.pk))  # type: ignore[attr-defined]
    return callbacks_of(tenant_id=tenant.pk, app=request.wecom_app)  # type: ignore[attr-defined]


def stamp_for(group: Group, callbacks: Callbacks) -> Stamp:
    return stamp_of(
        is_linked=bool(group.chat_id), as_of=group.members_as_of, dismissed_at=group.dismissed_at,
        now=clock.now(), callbacks_bad=callbacks.is_bad,
    )  # fmt: skip


def freshness_context(request: HttpRequest, group: Group) -> dict[str, Any]:
    """What a group's own page shows: its stamp, and what callbacks had missed of it."""
    callbacks = callbacks_for(request)
    lost = (
        lost_of(tenant_id=group.tenant_id, what="groups", subject_ids=[group.chat_id])
        if group.chat_id
        else {}
    )
    return {
        "stamp": stamp_for(group, callbacks),
        "callbacks": callbacks,
        "is_elsewhere": True,
        "lost": lost.get(group.chat_id),
    }
