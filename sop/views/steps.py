"""The drawer of one step: its fields, its message, whom it would reach, what the checks say while one types."""

import json
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.keys import key_of
from console.pages import ConsoleView, FormPage, render, toast
from content.policies.attachments import KIND_LABELS, AttachmentRefused, attachments_read
from sop.enums import GROUP_CHANNELS, INTERNAL_CHANNELS, MASS_CHANNELS, Channel, VersionState
from sop.errors import StepChanged, StepGone
from sop.forms import PartForm, StepForm
from sop.models import Step, Version
from sop.policies.message import carried_kinds
from sop.policies.slots import SLOT_TIMES
from sop.selectors.preview_message import message_preview, variables_offered
from sop.selectors.step_material import material_shown
from sop.selectors.templates import order_key, step_list
from sop.selectors.titles import step_choices, step_when
from sop.services.drafts import edit_of
from sop.services.estimates import groups_for, running_in, step_estimate
from sop.services.templates import step_remove, step_save
from sop.views.editor import checks_context, found_version, plan_context, told_of
from sop.views.step_rows import PART_ICONS, link_rows, part_rows
from tenants.enums import Permission
from wecom.keeping.assets import asset_store

SAVED, ADDED = "sop/_step_saved.html", "sop/_attachment_added.html"
NEW = {"content_type": "value", "channel": "group_forward", "evidence": "note"}


def found_step(version: Version, step_pk: int | None, steps: list[Step] | None = None) -> Step | None:
    """None without an id. Raises Http404 for one that is not of this version, whose `steps` may be given as read."""
    if step_pk is None:
        return None
    rows = step_list(version=version) if steps is None else steps
    found = next((one for one in rows if one.pk == step_pk), None)
    if found is None:
        raise Http404
    return found


def as_typed(form: StepForm, version: Version, step: Step | None) -> Step:
    """The step as the form has it now, unsaved: fields that are not valid yet keep what they had."""
    if step is not None and "channel" not in form.data:
        return step  # nothing is being typed: a published version, or somebody who may only look
    form.is_valid()
    made = Step(tenant_id=version.tenant_id, version=version, key=step.key if step else "typed")
    for field in Step._meta.concrete_fields:
        if step is not None and field.attname not in ("id", "tenant_id", "version_id"):
            setattr(made, field.attname, getattr(step, field.attname))
    made.pk = step.pk if step else None
    for name, value in form.cleaned_data.items():
        setattr(made, name, value)
    made.text = form.data.get("text", made.text)  # also when it is too long: that is what is to be seen
    made.offset_minutes = made.offset_minutes or 0
    made.is_typed = True  # type: ignore[attr-defined]
    return made


class StepPage(FormPage):
    """A drawer: one step, to look at or, in a draft, to edit. Without `step_pk` a new one."""

    template_name = "sop/step_drawer.html"
    form_class = StepForm
    write_permission = Permission.OPERATE

    @cached_property
    def opened(self) -> tuple[Version, list[Step]]:
        version = found_version(self.request, self.kwargs["pk"])
        return version, step_list(version=version)

    def present(self, **kwargs: Any) -> tuple[Version, list[Step]]:
        """The version and its steps: read once for looking, anew each time while something is being saved."""
        if self.request.method == "GET":
            return self.opened
        version = found_version(self.request, kwargs["pk"])
        return version, step_list(version=version)

    def step(self, **kwargs: Any) -> Step | None:
        version, steps = self.present(**kwargs)
        return found_step(version, kwargs.get("step_pk"), steps)

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        step = self.step(**kwargs)
        if step is not None:
            return {name: getattr(step, name) for name in StepForm.base_fields}
        slot, day = self.request.GET.get("slot", "1"), self.request.GET.get("day", "1")
        at = SLOT_TIMES[int(slot)] if slot in ("0", "1", "2") else SLOT_TIMES[1]
        return {"day": day if day.isdecimal() else 1, "at": at, **NEW}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return step_choices(version=self.present(**kwargs)[0], step=self.step(**kwargs))

    def context(self, **kwargs: Any) -> dict[str, Any]:
        version, steps = self.present(**kwargs)
        step = found_step(version, kwargs.get("step_pk"), steps)
        context = drawer_context(self, version, step, steps)
        if self.request.method == "POST":
            form = StepForm(self.request.POST)
            typed = as_typed(form, version, step)
            context |= live_context(self, version, typed, steps)
            context["rows"] = part_rows(typed.attachments or [], version.tenant_id)
            context["tracked"] = link_rows(typed.links or [])
            context["picked"] = material_shown(tenant=self.request.tenant, step=typed)
            context["seen"] = self.request.POST.get("seen", context["seen"])
        return context

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        version = found_version(request, kwargs["pk"])
        key = request.POST.get("key", "")
        is_known = any(one.pk == kwargs.get("step_pk") for one in step_list(version=version))
        if kwargs.get("step_pk") and not is_known and key and edit_of(version, key) is not None:
            return self._gone(version, key)
        return super().post(request, **kwargs)

    def _gone(self, version: Version, key: str) -> HttpResponse:
        """Another tab took the step out: what was typed stays, and can be added as a new step."""
        kwargs = {"pk": version.pk}
        form = StepForm(self.request.POST)
        form.is_valid()
        form.add_error(None, told_of(self, version, key, self.request.POST.get("title", "")))
        form.add_error(None, f"{StepGone.message} ({StepGone.code})")
        return self.show(form, 422, **kwargs)

    def done(self, form: StepForm, **kwargs: Any) -> HttpResponse:
        version = found_version(self.request, kwargs["pk"])
        try:
            saved = step_save(
                tenant=self.request.tenant,
                version_id=version.pk,
                step_id=kwargs.get("step_pk"),
                data=form.to_data(),
                actor=self.request.actor,
                seen=key_of(self.request.POST.get("seen")),
                key=self.request.POST.get("key", ""),
            )
        except StepChanged:
            return self._clash(form, version, **kwargs)
        return self._saved(saved)

    def _clash(self, form: StepForm, version: Version, **kwargs: Any) -> HttpResponse:
        """Both wordings stand there; nothing was saved, and the person chooses."""
        step = self.step(**kwargs)
        assert step is not None
        theirs = {name: getattr(step, name) for name in StepForm.base_fields}
        differs = [
            {"label": form.fields[name].label, "theirs": value, "mine": form.cleaned_data.get(name)}
            for name, value in theirs.items()
            if name in form.cleaned_data
            and (form.cleaned_data[name] or "") != (value or "")
            and form.fields[name].label
        ]
        told = told_of(self, version, step.key, step.title)
        context = {
            "form": form,
            **self.context(**kwargs),
            "clash": {"told": told, "differs": differs, "seen": step.revision},
        }
        return render(self.request, self.template_name, context, status=422)

    def _saved(self, saved: Step) -> HttpResponse:
        version = found_version(self.request, saved.version_id)
        if saved.revision == version.revision:
            undo = self.url("sop:undo", pk=version.pk, number=version.revision)
            toast(self.request, _("Saved: %(name)s") % {"name": saved.title}, undo)
        steps = step_list(version=version)
        initial = {name: getattr(saved, name) for name in StepForm.base_fields}
        context = {
            **plan_context(version, may_edit=self.can(Permission.OPERATE)),
            **drawer_context(self, version, saved, steps),
            "form": StepForm(initial=initial),
        }
        return render(self.request, SAVED, context, partial=SAVED)


def drawer_context(
    page: ConsoleView, version: Version, step: Step | None, steps: list[Step]
) -> dict[str, Any]:
    """What the drawer of a step needs besides its form."""
    ordered = sorted(steps, key=lambda one: order_key(version, one))
    places = [one.pk for one in ordered]
    place = places.index(step.pk) if step is not None and step.pk in places else None
    one_to_one, names = variables_offered()
    shown = step or Step(tenant_id=version.tenant_id, version=version, key="typed", **NEW)
    return {
        "step": step,
        "version": version,
        "seen": step.revision if step is not None else "",
        "when": step_when(step) if step is not None else "",
        "can_edit": page.can(Permission.OPERATE) and version.state == VersionState.DRAFT,
        "place": place + 1 if place is not None else None,
        "steps_total": len(steps),
        "before": ordered[place - 1] if place else None,
        "after": ordered[place + 1] if place is not None and place + 1 < len(ordered) else None,
        "one_to_one": one_to_one,
        "variables": names,
        "rows": part_rows(shown.attachments, version.tenant_id),
        "tracked": link_rows(shown.links),
        "picked": material_shown(tenant=page.request.tenant, step=shown),
        "part_kinds": [(kind, KIND_LABELS[kind], PART_ICONS[kind]) for kind in PART_ICONS],
        "carried": {channel: ",".join(carried_kinds(channel)) for channel in Channel.values},
        "private_channels": ",".join(
            one for one in Channel.values if one not in GROUP_CHANNELS | INTERNAL_CHANNELS
        ),
        "group_channels": ",".join(sorted(GROUP_CHANNELS)),
        "mass_channels": ",".join(sorted(MASS_CHANNELS)),
        **live_context(page, version, shown, steps, is_typed=False),
    }


def live_context(
    page: ConsoleView, version: Version, typed: Step, steps: list[Step], *, is_typed: bool = True
) -> dict[str, Any]:
    """What follows from the words at once: the message and the findings about this step."""
    tenant = page.request.tenant
    groups = groups_for(tenant=tenant, version=version)
    asked = page.request.POST.get("sample") or page.request.GET.get("sample") or ""
    group = next((one for one in groups if str(one.pk) == asked), groups[0] if groups else None)
    run = running_in(tenant=tenant, version=version).get(group.pk) if group is not None else None
    preview = message_preview(tenant=tenant, step=typed, group=group, run=run)
    for part in preview.parts:
        if part.get("asset_id") and part["kind"] in ("image", "mini"):
            part["asset_url"] = page.url("wecom:asset", pk=part["asset_id"])
    if typed.pk or is_typed:
        others = [one for one in steps if one.pk != typed.pk]
        steps = sorted([*others, typed], key=lambda one: order_key(version, one))
    checks = checks_context(version, steps)
    return {
        **checks,
        "own_findings": [one for one in checks["findings"] if typed.key in one.keys],
        "preview": preview,
        "sample_groups": groups,
        "sample_group": group,
        "is_typed": is_typed,
    }


class StepRemoveView(ConsoleView):
    """POST: a step leaves the draft."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, step_pk: int) -> HttpResponse:
        found_version(request, pk)
        before = found_version(request, pk).revision
        step_remove(tenant=self.request.tenant, version_id=pk, step_id=step_pk, actor=self.request.actor)
        version = found_version(request, pk)
        undo = self.url("sop:undo", pk=pk, number=version.revision) if version.revision > before else ""
        toast(request, _("The step was taken out."), undo)
        context = plan_context(version, may_edit=self.can(Permission.OPERATE))
        answer = render(request, "sop/_plan_answer.html", context, partial="sop/_plan_answer.html")
        answer.headers["HX-Trigger"] = '{"q:step-close": true}'
        return answer


class JudgeView(ConsoleView):
    """POST: a step as it is being typed: its message, what stands against it, and the draft's checks. Saves nothing."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = found_version(request, pk)
        number = key_of(request.POST.get("step"))
        step = found_step(version, number) if number is not None else None
        form = StepForm(request.POST)
        typed = as_typed(form, version, step)
        steps = step_list(version=version)
        context = {
            **live_context(self, version, typed, steps),
            "version": version,
            "step": step,
            "can_edit": True,
            "errors": {name: found[0] for name, found in form.errors.items() if found},
        }
        return render(request, "sop/_step_live.html", context, partial="sop/_step_live_answer.html")


class EstimateView(ConsoleView):
    """POST: whom a step as it is being typed would reach in the chosen groups today. Saves nothing."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = found_version(request, pk)
        number = key_of(request.POST.get("step"))
        step = found_step(version, number) if number is not None else None
        typed = as_typed(StepForm(request.POST), version, step)
        tenant = self.request.tenant
        offered = groups_for(tenant=tenant, version=version)
        asked = set(request.POST.getlist("estimate_groups"))
        chosen = [one for one in offered if str(one.pk) in asked] or offered
        context = {
            "estimate": step_estimate(tenant=tenant, version=version, step=typed, groups=chosen),
            "version": version,
            "offered": offered,
            "chosen": {one.pk for one in chosen},
            "is_all": len(chosen) == len(offered),
            "is_group": typed.channel in GROUP_CHANNELS,
        }
        return render(request, "sop/_estimate.html", context, partial="sop/_estimate.html")


class AttachmentView(FormPage):
    """In the drawer: the fields of one attachment; posted, it becomes a line of the list. Saves only its file."""

    template_name = "sop/attachment.html"
    form_class = PartForm
    write_permission = Permission.OPERATE

    def kind(self) -> str:
        kind = self.request.GET.get("kind", "image")
        if kind not in PartForm.FIELDS:
            raise Http404
        return kind

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        found_version(self.request, kwargs["pk"])
        return {"kind": self.kind(), "prefix": "part"}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "version": found_version(self.request, kwargs["pk"]),
            "kind": self.kind(),
            "label": KIND_LABELS[self.kind()],
        }

    def done(self, form: PartForm, **kwargs: Any) -> HttpResponse:
        data = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        made: dict[str, Any] = {"kind": form.kind, **data, "asset_id": None}
        sent = form.cleaned_data.get("file")
        if sent is not None:
            made["asset_id"] = 1  # judged with a file before the file is kept
        try:
            attachments_read([made])
        except AttachmentRefused as error:
            form.add_error(None, str(error.message))
            return self.show(form, 422, **kwargs)
        if sent is not None:
            kept = asset_store(
                tenant=self.request.tenant,
                kind=form.file_kind,
                name=sent.name,
                content=sent.read(),
                actor=self.request.actor,
            )
            made |= {"asset_id": kept.pk, "title": made.get("title") or kept.name}
        (read,) = attachments_read([made])
        rows = part_rows([read.to_dict()], self.request.tenant.pk)
        context = {"row": rows[0], "can_edit": True}
        answer = render(
            self.request, "sop/_attachment_added.html", context, partial="sop/_attachment_added.html"
        )
        answer.headers["HX-Trigger-After-Settle"] = json.dumps({"q:step-changed": True})
        return answer
