"""The tag manager: every tag with its rule and its people; our own made, renamed, put away, given a rule."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from contacts.filters import TagFilter
from contacts.forms import TagEditForm, TagRuleForm
from contacts.models import Tag
from contacts.policies.tag_rules import conditions_from
from contacts.selectors.tag_marks import marks_written
from contacts.selectors.tags import (
    fact_choices,
    own_group_names,
    rules_of,
    tag_batches_recent,
    tag_get,
    tag_people,
    tags_managed,
)
from contacts.services.tag_manager import tag_save, tag_set_archived, tags_add_builtin
from contacts.services.tag_rules import rule_try, tag_rule_end, tag_rule_save
from contacts.tables.tags import TagTable
from tenants.enums import Permission

BATCHES_SHOWN = 10


class TagListPage(ListPage):
    """All tags in use, WeCom's and ours."""

    template_name = "contacts/tags.html"
    table_class = TagTable
    filterset_class = TagFilter
    key = "contacts.tags"
    title = _("Tags")
    purpose = _(
        "Given by hand, by WeCom or by a rule that shows what it counted. WeCom's tags given here are written there."
    )

    def queryset(self) -> QuerySet[Tag]:
        return tags_managed(tenant_id=self.request.tenant.pk, archived=self._archived)

    @property
    def _archived(self) -> bool:
        return bool(self.request.GET.get("ended"))

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "can_change": self.can(Permission.OPERATE)}

    def context(self) -> dict[str, Any]:
        batches = tag_batches_recent(tenant_id=self.request.tenant.pk, limit=BATCHES_SHOWN)
        written = marks_written(tenant_id=self.request.tenant.pk, batch_ids=[one.pk for one in batches])
        return {
            "archived": self._archived,
            "batches": [(one, written.get(one.pk)) for one in batches],
            "has_tags": tags_managed(tenant_id=self.request.tenant.pk, archived=self._archived).exists(),
        }


class TagNewPage(FormPage):
    """A drawer: a new tag of ours."""

    template_name = "contacts/tag_edit.html"
    form_class = TagEditForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"here": self.request.path, "groups": own_group_names(tenant_id=self.request.tenant.pk)}

    def done(self, form: TagEditForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        tag_save(tenant=self.request.tenant, name=told["name"], group=told["group"], actor=self.request.actor)
        toast(self.request, _("The tag is there. Give it a rule, or put it on people by hand."))
        return drawer_done(self.request)


class TagEditPage(TagNewPage):
    """A drawer: rename or move a tag of ours, or put it away."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        tag = tag_get(tenant_id=self.request.tenant.pk, tag_id=kwargs["tag_pk"])
        return {"name": tag.name, "group": tag.group.name if tag.group else ""}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tag = tag_get(tenant_id=self.request.tenant.pk, tag_id=kwargs["tag_pk"])
        people = tag_people(tenant_id=self.request.tenant.pk, tag_ids=[tag.pk]).get(tag.pk, 0)
        return {**super().context(), "tag": tag, "people": people}

    def done(self, form: TagEditForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        tag_save(
            tenant=self.request.tenant,
            name=told["name"],
            group=told["group"],
            actor=self.request.actor,
            tag_id=kwargs["tag_pk"],
        )
        toast(self.request, _("The tag is changed wherever it stands"))
        return drawer_done(self.request)


class TagArchiveView(ConsoleView):
    """Put a tag of ours away, or take it back; the toast offers the way back."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, tag_pk: int, verb: str) -> HttpResponse:
        tag = tag_get(tenant_id=self.request.tenant.pk, tag_id=tag_pk)
        tag = tag_set_archived(
            tenant=self.request.tenant, tag_id=tag.pk, is_archived=verb == "archive", actor=self.request.actor
        )
        back = "restore" if tag.deleted_at else "archive"
        said = _("%(name)s is put away") if tag.deleted_at else _("%(name)s is in use again")
        undo = self.url("contacts:tag_archive", tag_pk=tag_pk, verb=back)
        toast(request, said % {"name": tag.name}, undo)
        return drawer_done(request)


class TagsBuiltInView(ConsoleView):
    """Add the tags that every team wants, with their rules."""

    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest) -> HttpResponse:
        made = tags_add_builtin(tenant=self.request.tenant, actor=self.request.actor)
        said = ngettext("%(n)s built-in tag added", "%(n)s built-in tags added", made) % {"n": made}
        toast(request, said if made else _("All built-in tags were there already"))
        return go(request, self.url("contacts:tags"))


class TagRulePage(FormPage):
    """The rule of one tag: what counts, how often, within how many days; tried before it is saved."""

    template_name = "contacts/tag_rule.html"
    form_class = TagRuleForm
    permission = write_permission = Permission.OPERATE
    tried: tuple[int, int] | None = None

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        tag = tag_get(tenant_id=self.request.tenant.pk, tag_id=kwargs["tag_pk"])
        rule = rules_of(tenant_id=self.request.tenant.pk, tag_ids=[tag.pk]).get(tag.pk)
        if rule is None:
            return {}
        told: dict[str, Any] = {"needs_all": "1" if rule.needs_all else "0", "keeps_days": rule.keeps_days}
        for line, one in enumerate(conditions_from(rule.conditions), start=1):
            told |= {f"fact_{line}": one.fact, f"at_least_{line}": one.at_least, f"days_{line}": one.days}
        return told

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"facts": fact_choices(tenant_id=self.request.tenant.pk)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tag = tag_get(tenant_id=self.request.tenant.pk, tag_id=kwargs["tag_pk"])
        rule = rules_of(tenant_id=self.request.tenant.pk, tag_ids=[tag.pk]).get(tag.pk)
        people = tag_people(tenant_id=self.request.tenant.pk, tag_ids=[tag.pk]).get(tag.pk, 0)
        return {"tag": tag, "rule": rule, "people": people, "tried": self.tried}

    def done(self, form: TagRuleForm, **kwargs: Any) -> HttpResponse:
        conditions, needs_all = form.conditions(), form.cleaned_data["needs_all"]
        if "try" in self.request.POST:
            self.tried = rule_try(
                tenant_id=self.request.tenant.pk, conditions=conditions, needs_all=needs_all
            )
            return self.show(form, **kwargs)
        tag_rule_save(
            tenant=self.request.tenant,
            tag_id=kwargs["tag_pk"],
            conditions=conditions,
            needs_all=needs_all,
            keeps_days=form.cleaned_data["keeps_days"],
            actor=self.request.actor,
        )
        toast(self.request, _("The rule is in force; everyone is looked at within a few minutes"))
        return go(self.request, self.url("contacts:tags"))


class TagRuleEndView(ConsoleView):
    """End a rule; the tags it gave come off."""

    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, tag_pk: int) -> HttpResponse:
        tag = tag_get(tenant_id=self.request.tenant.pk, tag_id=tag_pk)
        tag_rule_end(tenant=self.request.tenant, tag_id=tag.pk, actor=self.request.actor)
        toast(request, _("The rule is ended and the tags it gave are off; their history stays"))
        return go(request, self.url("contacts:tags"))
