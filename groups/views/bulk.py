"""One decision about the picked groups: shows what will happen and asks why, then does it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.keys import keys_of
from console.pages import ConsoleView, go, render, toast
from groups.enums import LIVE_STATES, Kind
from groups.filters import GroupFilter
from groups.forms import KindForm, OwnerForm, ReasonForm
from groups.models import Group
from groups.selectors import group_list, member_list
from groups.selectors.bulk import bulk_verb
from groups.services.approvals import kinds_ask
from groups.services.freezing import group_freeze, group_unfreeze
from groups.services.owners import groups_set_owner
from groups.services.setup import groups_set_kind
from groups.views.lists import GroupListPage
from team.selectors import staff_contactable
from tenants.enums import Permission

SHOWN = 50


def _set_kind(common: dict[str, Any], data: dict[str, Any]) -> str:
    asked = kinds_ask(**common, kind=data["kind"], reason=data["reason"])
    common = common | {"group_ids": [one for one in common["group_ids"] if one not in asked]}
    changed = groups_set_kind(**common, kind=data["kind"], reason=data["reason"])
    said = ngettext("%(n)s group is now a %(kind)s", "%(n)s groups are now %(kind)s", len(changed))
    told = [said % {"n": len(changed), "kind": Kind(data["kind"]).label}] if changed else []
    if asked:
        waits = ngettext(
            "%(n)s live group waits for a team lead", "%(n)s live groups wait for a team lead", len(asked)
        )
        told.append(waits % {"n": len(asked)})
    return _(", ").join(told)


def _freeze(common: dict[str, Any], data: dict[str, Any]) -> str:
    changed = group_freeze(**common, reason=data["reason"])
    said = ngettext("Sends to %(n)s group are frozen", "Sends to %(n)s groups are frozen", len(changed))
    return said % {"n": len(changed)}


def _unfreeze(common: dict[str, Any], data: dict[str, Any]) -> str:
    changed = group_unfreeze(**common, reason=data["reason"])
    said = ngettext("%(n)s group may be sent to again", "%(n)s groups may be sent to again", len(changed))
    return said % {"n": len(changed)}


def _set_owner(common: dict[str, Any], data: dict[str, Any]) -> str:
    asked = groups_set_owner(**common, staff_id=int(data["staff"]), reason=data["reason"])
    moving, staying = len(asked.moving), len(asked.staying)
    said = ngettext("WeCom is asked to move %(n)s group", "WeCom is asked to move %(n)s groups", moving) % {
        "n": moving
    }
    if not staying:
        return said
    rest = ngettext("%(n)s stays as it is", "%(n)s stay as they are", staying) % {"n": staying}
    return f"{said}{_(', ')}{rest}"


@dataclass(frozen=True)
class Verb:
    """A form, and what is done with its answer; `act` returns what to say."""

    form: type[Any]
    act: Callable[[dict[str, Any], dict[str, Any]], str]


VERBS = {
    "kind": Verb(KindForm, _set_kind),
    "freeze": Verb(ReasonForm, _freeze),
    "unfreeze": Verb(ReasonForm, _unfreeze),
    "owner": Verb(OwnerForm, _set_owner),
}


class GroupBulkPage(ConsoleView):
    """One decision about the picked groups; a link with `?pick=` opens the question. An unknown verb is a 404."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        verb = kwargs["verb"]
        known = VERBS.get(verb)
        groups = self._among(request.GET.getlist("pick")) if known else []
        if known is None or not groups:
            raise Http404
        return self._ask(verb, self._form(known, is_answer=False, groups=groups), groups, 200)

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        known, added = VERBS.get(verb), bulk_verb(verb)
        groups = self._picked() if known or added else []
        if added is not None and groups:
            answer: HttpResponse = added.open(request, groups)
            return answer
        if not groups and (known or added):
            toast(request, _("No group was picked."))
            return go(request, self.url("groups:list"))
        if known is None:
            raise Http404
        is_answer = "decided" in request.POST
        form = self._form(known, is_answer=is_answer, groups=groups)
        if not is_answer or not form.is_valid():
            return self._ask(verb, form, groups, 422 if is_answer else 200)
        common = {
            "tenant": self.request.tenant, "group_ids": [group.pk for group in groups], "actor": self.request.actor,
        }  # fmt: skip
        toast(request, known.act(common, form.cleaned_data))
        one = groups[0] if len(groups) == 1 else None
        return go(request, self.url("groups:detail", pk=one.pk) if one else self.url("groups:list"))

    def _form(self, verb: Verb, *, is_answer: bool, groups: list[Group]) -> Any:
        data = self.request.POST if is_answer else None
        if verb.form is not OwnerForm:
            return verb.form(data)
        rows = staff_contactable(tenant_id=self.request.tenant.pk)
        if len(groups) != 1:
            return OwnerForm(data, staff=[(str(row.pk), str(row)) for row in rows])
        return OwnerForm(data, staff=self._crew_first(rows, groups[0]))

    def _crew_first(self, rows: Iterable[Any], group: Group) -> list[tuple[str, str]]:
        """Whoever of the staff sits in the group stands first and says so."""
        crew = member_list(tenant_id=group.tenant_id, group_id=group.pk, which="staff")
        here = {one.staff_id for one in crew}
        ordered = sorted(rows, key=lambda row: row.pk not in here)
        said = _("%(name)s (in the group)")
        return [(str(row.pk), said % {"name": row} if row.pk in here else str(row)) for row in ordered]

    def _ask(self, verb: str, form: Any, groups: list[Group], status: int) -> HttpResponse:
        context = {
            "form": form, "verb": verb, "groups": groups, "shown": groups[:SHOWN], "more": len(groups[SHOWN:]),
            "picked": ",".join(str(group.pk) for group in groups),
            "is_live": any(group.state in LIVE_STATES for group in groups),
        }  # fmt: skip
        return render(self.request, "groups/bulk.html", context, status=status)

    def _picked(self) -> list[Group]:
        """The groups of the post: `every` with the list's filters, `picked` (ids with commas), or each `pick`."""
        rows = group_list(tenant_id=self.request.tenant.pk)
        if self.request.POST.get("every"):
            query = QueryDict(self.request.POST.get("query", ""))
            page = GroupListPage(request=self.request)
            chosen = page.tabs.get(query.get("tab", ""))
            rows = rows.filter(chosen[1]) if chosen else rows
            made = GroupFilter(query, queryset=rows, request=self.request)
            return list(made.qs) if made.is_valid() else []
        return self._among(
            [*self.request.POST.getlist("pick"), *self.request.POST.get("picked", "").split(",")]
        )

    def _among(self, told: list[str]) -> list[Group]:
        rows = group_list(tenant_id=self.request.tenant.pk)
        return list(rows.filter(pk__in=keys_of(told)))
