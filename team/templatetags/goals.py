"""How a plan serves the north star (R96): {% load goals %}."""

from typing import Any

from django import template
from django.template import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from team.selectors.goals import WORDS_MOST, Goal, Served, goal_beside, goal_now
from tenants.enums import Permission
from tenants.roles import allows

register = template.Library()


def _goal(context: RequestContext) -> Goal | None:
    """Asked once a request."""
    request: Any = context["request"]
    if not hasattr(request, "goal_held"):
        request.goal_held = goal_now(tenant=request.tenant)
    held: Goal | None = request.goal_held
    return held


def _beside(context: RequestContext, kind: str, plan_id: int) -> tuple[Goal | None, Served | None]:
    """The star and what the plan says; both by one query, which a page with one plan asks once."""
    if not plan_id:
        return _goal(context), None
    request: Any = context["request"]
    held = request.__dict__.setdefault("goals_beside", {})
    if (kind, plan_id) not in held:
        held[kind, plan_id] = goal_beside(tenant=request.tenant, kind=kind, plan_id=plan_id)
        request.goal_held = held[kind, plan_id][0]
    found: tuple[Goal | None, Served | None] = held[kind, plan_id]
    return found


@register.simple_tag(takes_context=True)
def goal(context: RequestContext) -> Goal | None:
    """The north star that plans serve today, or None."""
    return _goal(context)


@register.simple_tag(takes_context=True)
def goal_field(context: RequestContext, kind: str, plan_id: int) -> SafeString:
    """The field that asks how a plan serves the north star, with what was said of it before."""
    asked, said = _beside(context, kind, plan_id)
    return format_html(
        '<label class="form-label" for="serves-{}">{}</label><textarea class="form-control" id="serves-{}" '
        'name="serves" rows="3" maxlength="{}" required>{}</textarea><span class="form-hint d-block">{}</span>',
        kind, _("How it serves the north star"), kind, WORDS_MOST, said.words if said else "",
        asked.label if asked else "",
    )  # fmt: skip


@register.inclusion_tag("team/_served.html", takes_context=True)
def served(context: RequestContext, kind: str, plan_id: int) -> dict[str, Any]:
    """A line on a plan: which north star it serves and how, or that nobody has said so yet."""
    asked, said = _beside(context, kind, plan_id)
    request: Any = context["request"]
    return {
        "request": request, "goal": asked, "said": said, "kind": kind, "plan_id": plan_id,
        "is_current": said is not None and (asked is None or asked.star_id == said.star_id),
        "can_say": asked is not None and allows(request.role, Permission.OPERATE),
    }  # fmt: skip
