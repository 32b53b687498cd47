"""What groups hands over when a colleague leaves or moves (R125)."""

from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from content.selectors.faq import answers_used_in, asks_open_in
from groups.enums import OPEN_INVITES, EndState, IncidentState, PromiseState
from groups.models import EndTask, Group, Incident, IncidentTask, Invitation, Promise, SetupStep
from groups.services.owners import groups_move
from team.services.handover import Move, Part, renamed
from tenants import clock

_CLOSED = (IncidentState.CLOSED, IncidentState.DISMISSED)
FAQ_SPAN = timedelta(days=90)  # how far back the answers used in a group are handed on


def _groups(*, tenant_id: int, staff_id: int) -> QuerySet:
    return Group.objects.filter(tenant_id=tenant_id, owner_id=staff_id, dismissed_at=None).order_by("pk")


def _move_groups(one: Move) -> int:
    """Groups of WeCom move when WeCom says so; those that are only planned have another owner at once."""
    held = list(_groups(tenant_id=one.tenant.pk, staff_id=one.giver.pk))
    planned = [group.pk for group in held if not group.chat_id]
    Group.objects.filter(tenant=one.tenant, pk__in=planned).update(
        owner=one.taker, owner_userid=one.taker.userid
    )
    there = [group.pk for group in held if group.chat_id]
    asked = groups_move(
        tenant=one.tenant, group_ids=there, staff=one.taker, reason=one.reason, actor=one.actor,
        is_resigned=not one.giver.is_active,
    )  # fmt: skip
    return len(planned) + len(asked.moving)


def _promises(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = Promise.objects.filter(tenant_id=tenant_id, group__owner_id=staff_id, state=PromiseState.OPEN)
    return rows.filter(group__dismissed_at=None).select_related("group").order_by("due_at", "pk")


def _answers(*, tenant_id: int, staff_id: int) -> QuerySet:
    """What customers of their groups asked and what it was answered with (R23)."""
    held = _groups(tenant_id=tenant_id, staff_id=staff_id).order_by().values("pk")
    return answers_used_in(tenant_id=tenant_id, group_ids=held, since=clock.now() - FAQ_SPAN)


def _questions(*, tenant_id: int, staff_id: int) -> QuerySet:
    held = _groups(tenant_id=tenant_id, staff_id=staff_id).order_by().values("pk")
    return asks_open_in(tenant_id=tenant_id, group_ids=held, since=clock.now() - FAQ_SPAN)


def _endings(*, tenant_id: int, staff_id: int) -> QuerySet:
    return EndTask.objects.filter(tenant_id=tenant_id, owner_id=staff_id, state=EndState.OPEN).order_by("pk")


def _steps(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = SetupStep.objects.filter(tenant_id=tenant_id, owner_id=staff_id, ticked_at=None)
    return rows.select_related("group").order_by("pk")


def _invitations(*, tenant_id: int, staff_id: int) -> QuerySet:
    return Invitation.objects.filter(tenant_id=tenant_id, staff_id=staff_id, state__in=OPEN_INVITES).order_by(
        "pk"
    )


def _incidents(*, tenant_id: int, staff_id: int) -> QuerySet:
    return (
        Incident.objects.filter(tenant_id=tenant_id, owner_id=staff_id)
        .exclude(state__in=_CLOSED)
        .order_by("pk")
    )


def _incident_tasks(*, tenant_id: int, staff_id: int) -> QuerySet:
    return IncidentTask.objects.filter(tenant_id=tenant_id, staff_id=staff_id, done_at=None).order_by("pk")


PARTS = [
    Part("groups", _("Groups"), _groups, _move_groups, order=10,
         url=lambda tenant, staff: reverse("groups:list", kwargs={"tenant_slug": tenant.slug}) + f"?owner={staff.pk}",
         note=_("WeCom moves them: at most 300 groups to one receiver a day, and each group twice in 90 days."),
         line=lambda row: (str(row), row.get_state_display())),
    Part("promises", _("Open promises of their groups"), _promises, None, order=12,
         note=_("They come with the group."),
         line=lambda row: (row.text, f"{row.group} · {row.due_at:%Y-%m-%d}")),
    Part("faq", _("Answers used in their groups"), _answers, None, order=13,
         note=_("They stand on the FAQ tab of each group."), line=lambda row: (row.title, row.text)),
    Part("faq_open", _("Questions of their groups without an answer"), _questions, None, order=13,
         note=_("They stand on the FAQ tab of each group."), line=lambda row: (row.words, str(row.group))),
    Part("incidents", _("Running incidents"), _incidents, renamed(_incidents, "owner"), order=14),
    Part("incident_tasks", _("Tasks of incidents"), _incident_tasks, renamed(_incident_tasks, "staff"), order=15,
         line=lambda row: (row.text, "")),
    Part("setup_steps", _("Set-up steps of groups"), _steps, renamed(_steps, "owner"), order=16,
         line=lambda row: (str(row), str(row.group))),
    Part("endings", _("Closing tasks of groups"), _endings, renamed(_endings, "owner"), order=17),
    Part("invitations", _("Invitations that wait for an answer"), _invitations, renamed(_invitations, "staff"),
         order=18, line=lambda row: (str(row.customer), row.get_state_display())),
]  # fmt: skip
