"""Groups, Live codes, Welcome in groups: templates that owners attach by hand."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.keys import keys_of
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from groups.forms.codes import TemplateForm
from groups.selectors import groups_open
from groups.selectors.codes import template_get, template_list
from groups.services import welcomes
from groups.tables.codes import TemplateTable
from groups.views.code_bases import CodeList
from tenants.enums import Permission
from wecom.enums import KeptState
from wecom.views.welcome import (
    PART_ICONS,
    PART_LABELS,
    PartPage,
    part_rows,
    preview,
    sample_names,
)

CHOICES = 800


def group_asked(request: HttpRequest) -> int:
    """The group that a welcome is being prepared for, `?group=`; 0 for none."""
    asked = request.GET.get("group", "")
    return int(asked) if asked.isdecimal() and len(asked) <= 18 else 0


class TemplateListPage(CodeList):
    """All group welcomes."""

    table_class = TemplateTable
    key = "groups.welcomes"
    here = "welcomes"

    def queryset(self) -> QuerySet:
        return template_list(tenant_id=self.request.tenant.pk)


class TemplateNew(FormPage):
    """Words first; a part and WeCom come next."""

    permission = write_permission = Permission.OPERATE
    form_class = TemplateForm
    title = gettext_lazy("New group welcome")
    purpose = gettext_lazy(
        "What somebody who enters a group reads first. The group's owner attaches it in WeCom."
    )
    submit_label = gettext_lazy("Next: see it")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        """With `?group=` the words that were decided for that group."""
        group = groups_open(tenant_id=self.request.tenant.pk).filter(pk=group_asked(self.request)).first()
        return {"notify": True, **({"name": str(group)[:40], "text": group.welcome} if group else {})}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"back_url": self.url("groups:welcomes")}

    def done(self, form: TemplateForm, **kwargs: Any) -> HttpResponse:
        row = welcomes.template_create(
            tenant=self.request.tenant, actor=self.request.actor, **form.cleaned_data
        )
        group_id = group_asked(self.request)
        return go(
            self.request, self.url("groups:welcome", pk=row.pk) + (f"?group={group_id}" if group_id else "")
        )


class TemplateDetail(FormPage):
    """One group welcome: words, the one thing along with it, preview, where it stands, who attaches it."""

    write_permission = Permission.OPERATE
    template_name = "groups/welcome.html"
    form_class = TemplateForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = template_get(tenant_id=self.request.tenant.pk, template_id=kwargs["pk"])
        return {"name": row.name, "text": row.text, "notify": row.notify}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        row = template_get(tenant_id=tenant_id, template_id=kwargs["pk"])
        listed = [row.part] if row.part else []
        shown = row.text.replace("%NICKNAME%", sample_names()["customer"])
        return {
            "template": row,
            "rows": [
                {**one, "remove_url": self.url("groups:welcome_part_remove", pk=row.pk)}
                for one in part_rows(tenant_id=tenant_id, parts=listed)
            ],
            "may_add": not listed,
            "kinds": [(key, label, PART_ICONS[key]) for key, label in PART_LABELS.items()],
            "parts": preview(self, shown, listed),
            "sender": sample_names()["staff"],
            "asked_for": group_asked(self.request),
            "groups": [(one.pk, str(one)) for one in groups_open(tenant_id=tenant_id)[:CHOICES]],
            "can_operate": self.can(Permission.OPERATE),
            "is_unknown": row.status == KeptState.UNKNOWN,
            "is_failed": row.status == KeptState.FAILED,
            "is_behind": row.is_usable and row.revision > row.sent_revision,
        }

    def done(self, form: TemplateForm, **kwargs: Any) -> HttpResponse:
        who: dict[str, Any] = {
            "tenant": self.request.tenant,
            "template_id": kwargs["pk"],
            "actor": self.request.actor,
        }
        welcomes.template_change(**who, **form.cleaned_data)
        if self.request.POST.get("publish"):
            welcomes.template_publish(**who)
            toast(self.request, _("WeCom is being told."))
        else:
            toast(self.request, _("Saved here. WeCom has it once you bring it there."))
        group_id = group_asked(self.request)
        return go(
            self.request,
            self.url("groups:welcome", pk=kwargs["pk"]) + (f"?group={group_id}" if group_id else ""),
        )


class TemplateAct(ConsoleView):
    """Bring it to WeCom, or remove it there."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        who: dict[str, Any] = {"tenant": self.request.tenant, "template_id": pk, "actor": self.request.actor}
        if verb == "publish":
            welcomes.template_publish(**who)
            toast(request, _("WeCom is being told."))
            return go(request, self.url("groups:welcome", pk=pk))
        if verb == "end":
            welcomes.template_end(**who)
            toast(request, _("The welcome is being removed."))
            return go(request, self.url("groups:welcomes"))
        raise Http404


class TemplateAsk(ConsoleView):
    """Ask the owners of groups to attach it."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        ids = keys_of(request.POST.getlist("groups"))
        asked = welcomes.template_ask_owners(
            tenant=self.request.tenant, template_id=pk, group_ids=ids, actor=self.request.actor
        )
        said = ngettext("The owner of %(n)s group is asked", "The owners of %(n)s groups are asked", asked)
        toast(request, said % {"n": asked} if asked else _("No group was picked."))
        return go(request, self.url("groups:welcome", pk=pk))


class TemplatePart(PartPage):
    """The one thing along with the words."""

    most = 1

    def parts(self, **kwargs: Any) -> list[dict[str, Any]]:
        template_get(tenant_id=self.request.tenant.pk, template_id=kwargs["pk"])
        return []  # another one takes its place

    def save(self, parts: list[dict[str, Any]], **kwargs: Any) -> None:
        welcomes.template_set_part(
            tenant=self.request.tenant, template_id=kwargs["pk"], part=parts[0] if parts else {},
            actor=self.request.actor,
        )  # fmt: skip


class TemplatePartRemove(ConsoleView):
    """Take it off."""

    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        welcomes.template_set_part(
            tenant=self.request.tenant, template_id=pk, part={}, actor=self.request.actor
        )
        return drawer_done(request)
