"""Group tags: the manager, one tag's rule, and the tags of the picked groups (R27)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, render, toast
from groups.filters import GroupTagFilter
from groups.forms.tags import GroupTagForm, GroupTagPickForm, GroupTagRuleForm
from groups.models import Group, GroupTag
from groups.policies.group_tags import group_conditions_from
from groups.selectors.group_tags import (
    group_evidence_words,
    group_rules_of,
    group_tag_choices,
    group_tag_get,
    group_tag_list,
    group_tags_past,
    group_ties,
)
from groups.services.group_tag_rules import (
    group_rule_try,
    group_tag_rule_end,
    group_tag_rule_save,
    group_tags_add_builtin,
)
from groups.services.group_tags import group_tag_save, group_tag_set_archived, groups_tag, groups_untag
from groups.tables.tags import GroupTagTable
from groups.views.bulk import SHOWN, GroupBulkPage
from groups.views.detail import group_or_404
from tenants.enums import Permission

PAST_SHOWN = 20


class GroupTagListPage(ListPage):
    """All group tags."""

    template_name = "groups/tags.html"
    table_class = GroupTagTable
    filterset_class = GroupTagFilter
    key = "groups.tags"
    title = _("Group tags")
    purpose = _(
        "Given by hand or by a rule that shows what it saw. Plans choose groups by them; reading WeCom again changes "
        "none."
    )

    @property
    def _archived(self) -> bool:
        return bool(self.request.GET.get("ended"))

    def queryset(self) -> QuerySet[GroupTag]:
        return group_tag_list(tenant_id=self.request.tenant.pk, archived=self._archived)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "can_change": self.can(Permission.OPERATE)}

    def context(self) -> dict[str, Any]:
        return {"archived": self._archived, "has_tags": self.queryset().exists()}


class GroupTagNewPage(FormPage):
    """A drawer: a new tag."""

    template_name = "groups/tag_edit.html"
    form_class = GroupTagForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"here": self.request.path}

    def done(self, form: GroupTagForm, **kwargs: Any) -> HttpResponse:
        group_tag_save(
            tenant=self.request.tenant, actor=self.request.actor, tag_id=kwargs.get("tag_pk"), **form.cleaned_data
        )  # fmt: skip
        toast(self.request, _("The tag is kept. Give it a rule, or put it on groups from the group list."))
        return drawer_done(self.request)


class GroupTagEditPage(GroupTagNewPage):
    """A drawer: rename a tag, or put it away."""

    def _tag(self, pk: int) -> GroupTag:
        return group_tag_get(tenant_id=self.request.tenant.pk, tag_id=pk)

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        tag = self._tag(kwargs["tag_pk"])
        return {"name": tag.name, "note": tag.note}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(), "tag": self._tag(kwargs["tag_pk"])}


class GroupTagArchiveView(ConsoleView):
    """Put a tag away, or take it back; the toast offers the way back."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, tag_pk: int, verb: str) -> HttpResponse:
        tag = group_tag_get(tenant_id=self.request.tenant.pk, tag_id=tag_pk)
        tag = group_tag_set_archived(
            tenant=self.request.tenant, tag_id=tag.pk, is_archived=verb == "archive", actor=self.request.actor
        )
        back = "restore" if tag.archived_at else "archive"
        said = _("%(name)s is put away") if tag.archived_at else _("%(name)s is in use again")
        undo = self.url("groups:tag_archive", tag_pk=tag_pk, verb=back)
        toast(request, said % {"name": tag.name}, undo)
        return drawer_done(request)


class GroupTagsBuiltInView(ConsoleView):
    """Add the tags that most teams want, with their rules."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        made = group_tags_add_builtin(tenant=self.request.tenant, actor=self.request.actor)
        said = ngettext("%(n)s built-in tag added", "%(n)s built-in tags added", made) % {"n": made}
        toast(request, said if made else _("All built-in tags were there already"))
        return go(request, self.url("groups:tags"))


class GroupTagRulePage(FormPage):
    """The rule of one tag; tried on the groups before it is saved."""

    template_name = "groups/tag_rule.html"
    form_class = GroupTagRuleForm
    permission = write_permission = Permission.OPERATE
    tried: tuple[list[Group], int] | None = None

    def _rule(self, tag_pk: int) -> Any:
        return group_rules_of(tenant_id=self.request.tenant.pk, tag_ids=[tag_pk]).get(tag_pk)

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        rule = self._rule(kwargs["tag_pk"])
        if rule is None:
            return {}
        told = GroupTagRuleForm.told(group_conditions_from(rule.conditions))
        return {"needs_all": "1" if rule.needs_all else "0", **told}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tag = group_tag_get(tenant_id=self.request.tenant.pk, tag_id=kwargs["tag_pk"])
        return {"tag": tag, "rule": self._rule(tag.pk), "tried": self.tried}

    def done(self, form: GroupTagRuleForm, **kwargs: Any) -> HttpResponse:
        conditions, needs_all = form.conditions(), form.cleaned_data["needs_all"]
        if "try" in self.request.POST:
            self.tried = group_rule_try(
                tenant=self.request.tenant, conditions=conditions, needs_all=needs_all
            )
            return self.show(form, **kwargs)
        group_tag_rule_save(
            tenant=self.request.tenant, tag_id=kwargs["tag_pk"], conditions=conditions, needs_all=needs_all,
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("The rule is in force; all groups are looked at within a minute or two"))
        return go(self.request, self.url("groups:tags"))


class GroupTagRuleEndView(ConsoleView):
    """End a rule; the tags it gave come off."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, tag_pk: int) -> HttpResponse:
        tag = group_tag_get(tenant_id=self.request.tenant.pk, tag_id=tag_pk)
        group_tag_rule_end(tenant=self.request.tenant, tag_id=tag.pk, actor=self.request.actor)
        toast(request, _("The rule is ended and the tags it gave are off; their history stays"))
        return go(request, self.url("groups:tags"))


class GroupTagBulkPage(GroupBulkPage):
    """Put a tag on the picked groups, or take one off."""

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        groups = self._picked()
        if not groups:
            toast(request, _("No group was picked."))
            return go(request, self.url("groups:list"))
        tags = group_tag_choices(tenant_id=self.request.tenant.pk)
        is_answer = "decided" in request.POST
        form = GroupTagPickForm(request.POST if is_answer else None, tags=tags, is_new_allowed=verb == "tag")
        if not is_answer or not form.is_valid():
            context = {
                "form": form, "verb": verb, "groups": groups, "has_tags": bool(tags), "shown": groups[:SHOWN],
                "more": len(groups[SHOWN:]), "picked": ",".join(str(group.pk) for group in groups),
            }  # fmt: skip
            return render(request, "groups/tag_bulk.html", context, status=422 if is_answer else 200)
        return self._do(verb, [group.pk for group in groups], form.cleaned_data)

    def _do(self, verb: str, ids: list[int], data: dict[str, Any]) -> HttpResponse:
        common = {"tenant": self.request.tenant, "actor": self.request.actor}
        tag_id = data["tag"]
        if not tag_id:
            tag_id = group_tag_save(**common, name=data["new_tag"]).pk
        if verb == "tag":
            count = groups_tag(**common, tag_id=tag_id, group_ids=ids)
            said = ngettext("%(n)s group tagged", "%(n)s groups tagged", count)
        else:
            count = groups_untag(**common, tag_id=tag_id, group_ids=ids)
            said = ngettext("Tag taken off %(n)s group", "Tag taken off %(n)s groups", count)
        toast(self.request, said % {"n": count})
        return go(self.request, self.url("groups:list"))


class GroupTagsPage(FormPage):
    """A drawer: one group's tags with their evidence and history, and one more by hand."""

    template_name = "groups/tags_of.html"
    form_class = GroupTagPickForm
    write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"tags": group_tag_choices(tenant_id=self.request.tenant.pk), "is_new_allowed": True}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        group = group_or_404(self.request, kwargs["pk"])
        common = {"tenant_id": self.request.tenant.pk, "group_id": group.pk}
        ties = group_ties(**common)
        for tie in ties:
            tie.said = group_evidence_words(tie.evidence)  # type: ignore[attr-defined]
        return {
            "group": group,
            "ties": ties,
            "past": group_tags_past(**common, limit=PAST_SHOWN),
        }

    def done(self, form: GroupTagPickForm, **kwargs: Any) -> HttpResponse:
        group = group_or_404(self.request, kwargs["pk"])
        common = {"tenant": self.request.tenant, "actor": self.request.actor}
        told = form.cleaned_data
        tag_id = told["tag"] or group_tag_save(**common, name=told["new_tag"]).pk
        groups_tag(**common, tag_id=tag_id, group_ids=[group.pk])
        toast(self.request, _("Tagged"), self.url("groups:untag", pk=group.pk, tag_pk=tag_id))
        return drawer_done(self.request)


class GroupUntagView(ConsoleView):
    """Take one tag off one group."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, tag_pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        groups_untag(
            tenant=self.request.tenant, tag_id=tag_pk, group_ids=[group.pk], actor=self.request.actor
        )
        toast(request, _("Tag taken off"))
        return drawer_done(request)
