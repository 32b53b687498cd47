"""Template filters of the work list: {% load team %}."""

from django import template

from team.enums import WorkKind
from team.models import WorkItem

register = template.Library()

ICONS = {
    WorkKind.SOP_TASK: "route",
    WorkKind.LEAD: "target-arrow",
    WorkKind.QUESTION: "message-circle-question",
    WorkKind.NEW_MEMBERS: "user-plus",
    WorkKind.ALERT: "alert-triangle",
    WorkKind.CHECK: "clipboard-check",
    WorkKind.APPROVAL: "gavel",
    WorkKind.KNOWLEDGE: "school",
}


@register.filter
def work_icon(item: WorkItem) -> str:
    """The icon of an item's kind."""
    return ICONS.get(WorkKind(item.kind), "point")
