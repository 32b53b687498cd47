"""The culture tab of a group's page (R130): what members agreed on, who helps with what, thanks beside sanctions."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import ConsoleView, FormPage, drawer_done, go, render, toast
from groups.enums import CULTURE_DAYS, NormState, ThanksFor
from groups.forms.culture import DropForm, NormForm, ThanksForm, VoicesForm
from groups.models import Group, Norm
from groups.policies.culture import thanks_words
from groups.policies.words import bare
from groups.selectors.culture import (
    balance_of,
    members_to_choose,
    norm_get,
    norm_list,
    role_holders,
    thanks_get,
    thanks_ideas,
    thanks_list,
)
from groups.services.norms import norm_add, norm_ask, norm_drop, norm_voices_tell, norms_tell
from groups.services.thanks import thanks_drop, thanks_settle, thanks_write
from groups.views.detail import group_or_404
from tenants.enums import Permission
from tenants.roles import allows

THANKS_SHOWN = 20
FIGURES = {
    "thanked": gettext_lazy("Thanked in 30 days"),
    "kind": gettext_lazy("Got a friendly word in 30 days"),
    "sanctioned": gettext_lazy("Sanctioned in 30 days"),
    "yes": gettext_lazy("Agree to the norm"),
    "no": gettext_lazy("Do not agree to the norm"),
}


def culture_label(group: Group, key: str) -> str:
    """What the people behind a figure have in common."""
    return str(FIGURES.get(key.split("-")[1], ""))


def culture_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_culture.html` shows."""
    norms = norm_list(group=group)
    agreed = [row for row in norms if row.state == NormState.AGREED]
    return {
        "norms": [row for row in norms if row.state != NormState.DROPPED],
        "dropped": [row for row in norms if row.state == NormState.DROPPED],
        "agreed": agreed,
        "untold": {
            place: [row for row in agreed if bare(row.text) not in str(getattr(group, place)).casefold()]
            for place in ("welcome", "announcement")
        },
        "roles": role_holders(group=group),
        "balance": balance_of(group=group),
        "culture_days": CULTURE_DAYS,
        "can_operate": allows(request.role, Permission.OPERATE),
        "can_work": allows(request.role, Permission.WORK),
        "may_see": allows(request.role, Permission.SEE_PERSONAL),
    }


class ThanksPart(ConsoleView):
    """Whom to thank, thanks to say and said: a part of the tab that comes after it."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        context = {
            "group": group,
            "thanks": list(thanks_list(group=group)[:THANKS_SHOWN]),
            "ideas": thanks_ideas(group=group),
            "can_work": allows(self.request.role, Permission.WORK),
        }
        return render(request, "groups/_thanks.html", context, partial="groups/_thanks.html")


class _CultureForm(FormPage):
    """A drawer over the tab."""

    permission = write_permission = Permission.WORK
    with_people = True

    def group(self, **kwargs: Any) -> Group:
        return group_or_404(self.request, kwargs["pk"])

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"people": members_to_choose(group=self.group(**kwargs))} if self.with_people else {}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": self.group(**kwargs), "here": self.request.path}

    def norm(self, **kwargs: Any) -> Norm:
        group = self.group(**kwargs)
        return norm_get(tenant_id=group.tenant_id, group_id=group.pk, norm_id=kwargs["number"])


class NormNew(_CultureForm):
    """Note what a member proposes. `?who=` chooses the member."""

    template_name = "groups/norm_new.html"
    form_class = NormForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": self.request.GET.get("who", "")}

    def done(self, form: NormForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        norm_add(
            tenant=self.request.tenant, group_id=kwargs["pk"], customer_id=told["customer"], text=told["text"],
            said=told["said"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Noted. Ask the group when the moment is right."))
        return drawer_done(self.request)


class NormVoices(_CultureForm):
    """Tell who said yes or no, where no archive tells it."""

    template_name = "groups/norm_voices.html"
    form_class = VoicesForm

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(**kwargs), "norm": self.norm(**kwargs)}

    def done(self, form: VoicesForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        row = norm_voices_tell(
            tenant=self.request.tenant, norm_id=self.norm(**kwargs).pk, customer_ids=told["people"],
            is_yes=told["is_yes"], actor=self.request.actor,
        )  # fmt: skip
        agreed = row.state == NormState.AGREED
        toast(self.request, _("Agreed: it is the group's norm now.") if agreed else _("Counted."))
        return drawer_done(self.request)


class NormDrop(_CultureForm):
    """It is not, or no longer, what the group keeps to."""

    template_name = "groups/norm_drop.html"
    form_class = DropForm
    with_people = False

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(**kwargs), "norm": self.norm(**kwargs)}

    def done(self, form: DropForm, **kwargs: Any) -> HttpResponse:
        norm_drop(
            tenant=self.request.tenant, norm_id=self.norm(**kwargs).pk, reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Not kept any more; its line is out of welcome and announcement."))
        return drawer_done(self.request)


class ThanksNew(_CultureForm):
    """Thank a member. `?who=` and `?for=` choose whom and for what."""

    template_name = "groups/thanks_new.html"
    form_class = ThanksForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        who, reason = self.request.GET.get("who", ""), self.request.GET.get("for", "")
        names = {str(pk): name for pk, name in members_to_choose(group=self.group(**kwargs))}
        found: dict[str, Any] = {
            "customer": who,
            "reason": reason if reason in ThanksFor.values else ThanksFor.HELP,
        }
        if who in names:
            found["words"] = thanks_words(reason=found["reason"], name=names[who])
        return found

    def done(self, form: ThanksForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        row = thanks_write(
            tenant=self.request.tenant, group_id=kwargs["pk"], customer_id=told["customer"], reason=told["reason"],
            words=form.words_told(), is_said=told["is_said"], actor=self.request.actor,
        )  # fmt: skip
        said = (
            _("Counted.")
            if row.said_at
            else _("The words wait with the group's owner, to be said before the group.")
        )
        toast(self.request, said)
        return drawer_done(self.request)


class _CultureAct(ConsoleView):
    """One press on the tab."""

    permission = write_permission = Permission.WORK
    http_method_names = ["post"]

    def back(self, pk: int) -> HttpResponse:
        return go(self.request, f"{self.url('groups:detail', pk=pk)}?tab=culture")


class NormAsk(_CultureAct):
    """Have the group asked."""

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        group = group_or_404(request, pk)
        row = norm_get(tenant_id=group.tenant_id, group_id=group.pk, norm_id=number)
        norm_ask(tenant=self.request.tenant, norm_id=row.pk, actor=self.request.actor)
        toast(request, _("The words wait with the group's owner. What members answer counts from now on."))
        return self.back(pk)


class NormsTell(_CultureAct):
    """Write agreed norms under the welcome or the announcement."""

    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, place: str) -> HttpResponse:
        group_or_404(request, pk)
        norms_tell(tenant=self.request.tenant, group_id=pk, place=place, actor=self.request.actor)
        toast(request, _("Written. Bring the new words to WeCom as well."))
        return self.back(pk)


class ThanksAct(_CultureAct):
    """It was said, was not after all, or will not be."""

    def post(self, request: HttpRequest, pk: int, number: int, verb: str) -> HttpResponse:
        group = group_or_404(request, pk)
        row = thanks_get(tenant_id=group.tenant_id, group_id=group.pk, thanks_id=number)
        tenant, actor = self.request.tenant, self.request.actor
        if verb == "drop":
            thanks_drop(tenant=tenant, thanks_id=row.pk, actor=actor)
            toast(request, _("It will not be said."))
            return self.back(pk)
        thanks_settle(tenant=tenant, thanks_id=row.pk, is_said=verb == "said", actor=actor)
        undo = self.url("groups:thanks_act", pk=pk, number=number, verb="open") if verb == "said" else ""
        toast(request, _("Said and counted.") if verb == "said" else _("To be said again."), undo)
        return self.back(pk)
