"""Introductions on the group's page: what is asked, who is missing, what may go into profiles."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from contacts.enums import ProfileField
from contacts.selectors.profile import value_words
from groups.enums import IntroState
from groups.forms.life import IntroRuleForm
from groups.models import Group
from groups.selectors.intros import intro_figures, intro_rule
from groups.services.intros import (
    intro_mark,
    intro_offer_settle,
    intro_remind,
    intro_rule_set,
    reminder_words,
)
from groups.views.detail import group_or_404
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows

PEOPLE_A_PAGE = 50
WHO = (
    (IntroState.MISSING.value, IntroState.MISSING.label),
    (IntroState.REMINDED.value, IntroState.REMINDED.label),
    (IntroState.DONE.value, IntroState.DONE.label),
    ("misnamed", gettext_lazy("Name does not fit")),
    ("offers", gettext_lazy("Fields to take over")),
    ("all", pgettext_lazy("people", "Everyone")),
)


def intros_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_intros.html` shows. `?who=` keeps those of one figure. Words need SEE_PERSONAL."""
    rule = intro_rule(tenant_id=group.tenant_id, group_id=group.pk)
    base = {
        "rule": rule,
        "may_operate": allows(request.role, Permission.OPERATE),
        "may_work": allows(request.role, Permission.WORK),
        "may_see": allows(request.role, Permission.SEE_PERSONAL),
    }
    if rule is None:
        return base
    figures = intro_figures(group=group, rule=rule)
    who = request.GET.get("who", "")
    who = who if who in dict(WHO) else IntroState.MISSING.value
    paginator = Paginator(figures.of(who), PEOPLE_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    year = clock.local_date(clock.now(), request.tenant.timezone).year
    missing = figures.of(IntroState.MISSING)
    return base | {
        "figures": [(key, label, len(figures.of(key))) for key, label in WHO],
        "who": who,
        "page": page,
        "paginator": paginator,
        "page_field": "page",
        "people": [(one, _offers(one, year)) for one in page],
        "missing": len(missing),
        "words": reminder_words(rule, [one.name for one in missing[:10]]) if missing else "",
    }


def _offers(one: Any, year: int) -> list[tuple[str, Any, str]]:
    """[(field, label, words)] that wait to be taken into the profile."""
    if one.row is None or one.row.offer_state != "open":
        return []
    return [
        (field, ProfileField(field).label, value_words(field, value, this_year=year))
        for field, value in one.row.offered.items()
        if field in ProfileField.values
    ]


class IntroRulePage(FormPage):
    """A drawer: what the group asks of whoever joins."""

    permission = write_permission = Permission.OPERATE
    template_name = "groups/intro_rule.html"
    form_class = IntroRuleForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        group = group_or_404(self.request, kwargs["pk"])
        rule = intro_rule(tenant_id=group.tenant_id, group_id=group.pk)
        if rule is not None:
            return {"is_on": rule.is_on, "template": rule.template, "pattern": rule.pattern}
        return {"is_on": True, "template": _("City:\nAge:\nJob:\nInterests:"), "pattern": ""}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": group_or_404(self.request, kwargs["pk"])}

    def done(self, form: IntroRuleForm, **kwargs: Any) -> HttpResponse:
        group_or_404(self.request, kwargs["pk"])
        data = form.cleaned_data
        intro_rule_set(
            tenant=self.request.tenant, group_id=kwargs["pk"], template=data["template"], pattern=data["pattern"],
            is_on=data["is_on"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Kept; whoever joins is watched for it."))
        return drawer_done(self.request)


class _IntroPost(ConsoleView):
    http_method_names = ["post"]

    def back(self, pk: int) -> HttpResponse:
        who = self.request.POST.get("back", "")
        return go(
            self.request,
            self.url("groups:detail", pk=pk) + f"?tab=intros&who={who if who in dict(WHO) else ''}",
        )


class IntroMark(_IntroPost):
    """Staff say that somebody has introduced themselves, or not after all."""

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        group_or_404(request, pk)
        intro_mark(
            tenant=self.request.tenant, group_id=pk, userid=request.POST.get("who", ""), is_done=verb == "done",
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("Introduced") if verb == "done" else _("Not introduced after all"))
        return self.back(pk)


class IntroOffer(_IntroPost):
    """Take the chosen fields into the profile, or leave all out."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group_or_404(request, pk)
        row = intro_offer_settle(
            tenant=self.request.tenant, group_id=pk, userid=request.POST.get("who", ""),
            fields=request.POST.getlist("field") if request.POST.get("verb") == "take" else [],
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, row.get_offer_state_display())
        return self.back(pk)


class IntroRemind(_IntroPost):
    """Put the ready words before the group's owner."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group_or_404(request, pk)
        count = intro_remind(tenant=self.request.tenant, group_id=pk, actor=self.request.actor)
        said = ngettext(
            "%(n)s person is named in a task of the group's owner",
            "%(n)s people are named in a task of the group's owner",
            count,
        )
        toast(request, said % {"n": count} if count else _("Nobody is missing"))
        return self.back(pk)
