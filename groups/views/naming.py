"""Names: for several groups at once, judged row by row while one types; and for one group to be."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy, ngettext

from console.keys import keys_of
from console.pages import ConsoleView, go, render, toast
from groups.errors import NamesRefused
from groups.forms import NamesForm
from groups.models import Group
from groups.policies.naming import NameRow, judged_names, names_made
from groups.selectors import group_list
from groups.selectors.naming import name_plan, names_taken
from groups.services.renaming import names_apply
from tenants.enums import Permission


class NamesPage(ConsoleView):
    """GET and htmx POST show the names and what is wrong with each; POST with `apply` gives them.

    `pick` are groups to be named, in order; without any, `count` new groups are planned. A row may be typed over.
    """

    permission = write_permission = Permission.OPERATE
    title = gettext_lazy("Names for several groups")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(request, NamesForm(), list(self._picked(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        groups = list(self._picked(request))
        is_first = "pattern" not in request.POST  # straight from the list
        form = NamesForm() if is_first else NamesForm(request.POST)
        if is_first or not form.is_valid() or "apply" not in request.POST:
            return self._show(request, form, groups)
        names = self._names(request, form, groups)
        targets: list[int | None] = [group.pk for group in groups] or [None] * len(names)
        try:
            found = names_apply(
                tenant=self.request.tenant,
                names=list(zip(targets, names, strict=True)),
                series=form.cleaned_data["series"].strip(),
                actor=self.request.actor,
            )
        except NamesRefused as error:
            toast(request, f"{error.message} ({error.code})")
            return self._show(request, form, groups, status=422)
        said = ngettext("%(n)s group has its name", "%(n)s groups have their names", len(found)) % {
            "n": len(found)
        }
        toast(request, said)
        return go(request, self.url("groups:list") + "?tab=planning" * (not groups))

    def _picked(self, request: HttpRequest) -> Any:
        asked = request.POST.getlist("pick") or request.GET.getlist("pick")
        ids = keys_of(asked)
        return group_list(tenant_id=self.request.tenant.pk).filter(pk__in=ids).order_by("pk") if ids else []

    def _names(self, request: HttpRequest, form: NamesForm, groups: list[Group]) -> list[str]:
        """What the recipe makes; a row that somebody typed over keeps what was typed."""
        if not form.is_bound:
            form = NamesForm({name: field.initial or "" for name, field in form.fields.items()})
        if not form.is_valid():
            return []
        made = names_made(
            form.recipe(brand=self.request.tenant.brand), len(groups) or form.cleaned_data["count"]
        )
        before, typed = request.POST.getlist("made"), request.POST.getlist("name")
        return [
            typed[number].strip()
            if number < min(len(before), len(typed))
            and typed[number] != before[number]
            and before[number] == name
            else name
            for number, name in enumerate(made)
        ]

    def _show(
        self, request: HttpRequest, form: NamesForm, groups: list[Group], status: int = 200
    ) -> HttpResponse:
        tenant = self.request.tenant
        names = self._names(request, form, groups)
        series = request.POST.get("series", "").strip()
        ids = [group.pk for group in groups]
        rows = judged_names(
            names,
            plan=name_plan(tenant=tenant, series=series, group_ids=ids),
            taken=names_taken(tenant_id=tenant.pk, apart_from=ids),
        )
        source = NamesForm({name: field.initial or "" for name, field in form.fields.items()})
        recipe_form = form if form.is_bound else source
        made = (
            names_made(recipe_form.recipe(brand=tenant.brand), len(names))
            if recipe_form.is_valid()
            else names
        )
        context = {
            "form": form, "groups": groups, "stops": sum(row.stops for row in rows), "brand": tenant.brand,
            "rows": [
                {"row": row, "made": made[number], "group": groups[number] if groups else None}
                for number, row in enumerate(rows)
            ],
        }  # fmt: skip
        return render(request, "groups/names.html", context, partial="groups/_names.html", status=status)


class NameCheck(ConsoleView):
    """What is wrong with the name that somebody types for a new group. Writes nothing."""

    permission = write_permission = Permission.OPERATE

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant, name = self.request.tenant, request.GET.get("name", "").strip()
        row: NameRow | None = None
        if name:
            plan = name_plan(tenant=tenant, series=request.GET.get("series", "").strip())
            apart = keys_of(request.GET.getlist("apart"))
            taken = names_taken(tenant_id=tenant.pk, apart_from=apart)
            (row,) = judged_names([name], plan=plan, taken=taken)
        return render(request, "groups/_name_row.html", {"row": row}, partial="groups/_name_row.html")
