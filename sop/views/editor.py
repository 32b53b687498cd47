"""What the editor of a version shows, and the edits of its timeline: moves, copies, undo, what another tab changed."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, go, render, toast
from groups.enums import Kind
from sop.enums import VersionState
from sop.errors import StepChanged, StepGone, UndoTooLate, VersionFrozen
from sop.forms import StepMoveForm
from sop.models import Step, Version
from sop.policies import plan
from sop.policies.slots import slot_of
from sop.selectors import timeline as view
from sop.selectors.findings import Explained, version_findings
from sop.selectors.templates import step_list, version_diff, version_get
from sop.services.drafts import draft_undo, edit_of, step_copy, step_move
from tenants import clock
from tenants.enums import Permission

PLAN = "sop/_plan_answer.html"
SHOWN_STEPS = 2  # jumps beside a finding; the rest is counted


def found_version(request: Any, pk: int) -> Version:
    """Raises Http404, also for another company's."""
    try:
        return version_get(tenant=request.tenant, version_id=pk)
    except Version.DoesNotExist as error:
        raise Http404 from error


def with_jumps(findings: list[Explained], steps: list[Step]) -> list[dict[str, Any]]:
    """Findings with the steps they concern, to jump to."""
    by_key = {step.key: step for step in steps}
    found = []
    for one in findings:
        meant = [by_key[key] for key in one.keys if key in by_key]
        found.append({"finding": one, "steps": meant[:SHOWN_STEPS], "more": max(0, len(meant) - SHOWN_STEPS)})
    return found


def checks_context(version: Version, steps: list[Step]) -> dict[str, Any]:
    """What the list of checks shows, for steps as they are saved or as they are being typed."""
    findings = version_findings(version, steps)
    planned = [one.to_plan() for one in steps]
    return {
        "findings": findings,
        "checks": with_jumps(findings, steps),
        "blocked": sum(one.stops for one in findings),
        "talks": plan.talk_counts(planned),
        "value_share": plan.value_share_percent(planned),
    }


def plan_context(version: Version, *, may_edit: bool) -> dict[str, Any]:
    """Everything the plan of a version shows. Eight queries or so for any number of steps."""
    steps = step_list(version=version)
    changes = version_diff(version=version)
    checks = checks_context(version, steps)
    faults = frozenset(key for one in checks["findings"] if one.stops for key in one.keys)
    blocks, flags = view.phase_strip(version, steps)
    is_draft = version.state == VersionState.DRAFT
    return {
        **checks,
        "version": version,
        "is_draft": is_draft,
        "can_edit": may_edit and is_draft,
        "timeline": view.timeline(version=version, steps=steps, changes=changes, faults=faults),
        "kinds": [("", _("any type")), *Kind.choices],
        "blocks": blocks,
        "flags": flags,
        "links": view.link_strip(version, steps),
        "changes": changes,
    }


def told_of(view_of: ConsoleView, version: Version, key: str, title: str) -> str:
    """Who changed a step meanwhile, how and when: nothing is lost without a word."""
    edit = edit_of(version, key)
    if edit is None:
        return str(StepChanged.message)
    told = {
        "title": title or edit.title,
        "who": edit.actor or _("Somebody"),
        "what": edit.get_verb_display(),
        "at": f"{clock.local(edit.at, view_of.request.tenant.timezone):%H:%M}",
    }
    return _("“%(title)s” was %(what)s by %(who)s at %(at)s. You see it as it stands now.") % told


class PlanView(ConsoleView):
    """GET: the plan as it stands. With `seen`, the revision somebody looks at: nothing while that is the newest."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = found_version(request, pk)
        seen = request.GET.get("seen", "")
        if seen == str(version.revision):
            return HttpResponse(status=204)
        if seen.isdecimal():
            last = version.edits.order_by("-number").first()
            told = {"who": (last.actor if last else "") or _("Somebody")}
            toast(request, _("%(who)s changed this draft. You see it as it stands now.") % told)
        return plan_answer(self, version)


def plan_answer(page: ConsoleView, version: Version, **more: Any) -> HttpResponse:
    """The plan and the page's head anew, for htmx."""
    is_beside = page.request.htmx.target == "q-drawer"  # asked from a drawer: it closes, the plan rides along
    context = {**plan_context(version, may_edit=page.can(Permission.OPERATE)), "oob": is_beside, **more}
    answer = render(page.request, PLAN, context, partial=PLAN)
    if is_beside:
        answer.headers["HX-Trigger"] = json.dumps({"q:drawer-close": True})
    return answer


class StepMovePage(FormPage):
    """A drawer that puts a step elsewhere, for phones and keys; dragging posts the same."""

    template_name = "sop/step_move.html"
    form_class = StepMoveForm
    write_permission = Permission.OPERATE

    def step(self, **kwargs: Any) -> Step:
        version = found_version(self.request, kwargs["pk"])
        found = next((one for one in step_list(version=version) if one.pk == kwargs["step_pk"]), None)
        if found is None:
            raise Http404
        return found

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        step = self.step(**kwargs)
        return {
            "day": step.day,
            "at": step.at,
            "slot": slot_of(step.at) if step.at else 0,
            "seen": step.revision,
            "key": step.key,
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        return {"version": version, "step": self.step(**kwargs)}

    def done(self, form: StepMoveForm, **kwargs: Any) -> HttpResponse:
        version = found_version(self.request, kwargs["pk"])
        data = form.cleaned_data
        title = next((one.title for one in step_list(version=version) if one.pk == kwargs["step_pk"]), "")
        try:
            step = step_move(
                tenant=self.request.tenant,
                version_id=version.pk,
                step_id=kwargs["step_pk"],
                day=data["day"],
                slot=data["slot"],
                at=data["at"],
                seen=data["seen"],
                key=data["key"],
                actor=self.request.actor,
            )
        except (StepChanged, StepGone):
            toast(self.request, told_of(self, version, data["key"], title))
            return plan_answer(self, found_version(self.request, version.pk))
        version = found_version(self.request, version.pk)
        if step.revision == version.revision:
            told = {"title": step.title, "day": step.day, "at": f"{step.at:%H:%M}"}
            toast(
                self.request,
                _("“%(title)s” is on day %(day)s at %(at)s now.") % told,
                self.url("sop:undo", pk=version.pk, number=version.revision),
            )
        return plan_answer(self, version, moved=step)


class StepCopyView(ConsoleView):
    """POST: a second step like this one; the drawer shows it."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, step_pk: int) -> HttpResponse:
        found_version(request, pk)
        step = step_copy(tenant=self.request.tenant, version_id=pk, step_id=step_pk, actor=self.request.actor)
        version = found_version(request, pk)
        toast(
            request,
            _("Copied. Give it its own day and words."),
            self.url("sop:undo", pk=pk, number=version.revision),
        )
        answer = plan_answer(self, version)
        opened = self.url("sop:step", pk=pk, step_pk=step.pk)
        answer.headers["HX-Trigger"] = json.dumps({"q:step-open": {"url": opened}})
        return answer


class UndoView(ConsoleView):
    """POST: one edit of a draft is taken back. A toast's button; the page loads again after it."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        found_version(request, pk)
        try:
            edit = draft_undo(
                tenant=self.request.tenant, version_id=pk, number=number, actor=self.request.actor
            )
        except (UndoTooLate, VersionFrozen) as error:
            toast(request, str(error.message))
            return go(request, self.url("sop:version", pk=pk))
        told = {"title": edit.title}
        toast(request, _("Taken back: “%(title)s” is as it was.") % told)
        return go(request, self.url("sop:version", pk=pk))
