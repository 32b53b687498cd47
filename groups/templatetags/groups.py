"""Where a finding is mended: {% load groups %}."""

from typing import Any

from django import template

from console.pages import tenant_url
from groups.enums import LIVE_STATES
from groups.models import Group
from groups.policies.checks import Finding
from groups.policies.replies import Reply, replies_of
from tenants.enums import Permission
from tenants.roles import allows

register = template.Library()


@register.filter
def keyword_replies(text: str) -> list[Reply]:
    """The keyword replies that a group's text holds, in their order."""
    return replies_of(text or "")


@register.simple_tag(takes_context=True)
def fix_url(context: Any, finding: Finding, group: Group) -> str:
    """The page on which a finding is mended: `opens` of its check for a running group, else a step of the gate."""
    tenant = context.get("tenant") or context["request"].tenant
    where = finding.opens if group.state in LIVE_STATES else ""
    if where == "next":
        return f"{tenant_url(tenant, 'groups:plan')}?after={group.pk}"
    if where == "owner":
        if allows(context["request"].role, Permission.OPERATE):
            return f"{tenant_url(tenant, 'groups:bulk', verb='owner')}?pick={group.pk}"
        return f"{tenant_url(tenant, 'groups:detail', pk=group.pk)}?tab=members&which=leads"
    if where == "codes":
        return tenant_url(tenant, "groups:codes")
    if where == "week" and group.chat_id:
        return f"{tenant_url(tenant, 'sop:week')}?group={group.pk}"
    if where and where != "week":
        return f"{tenant_url(tenant, 'groups:detail', pk=group.pk)}?tab={where}"
    return f"{tenant_url(tenant, 'groups:readiness', pk=group.pk)}#{finding.anchor}"
