"""The invitations of a campaign: set up while it is a draft, watched while it runs, every invitee with the reason."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.enums import CampaignState
from campaigns.enums.referral import DECISIONS, INVITEE_STAY_DAYS, InviteState
from campaigns.filters import InviteFilter, InviterFilter
from campaigns.forms.referral import CodeForm, DecideForm, ReferralForm
from campaigns.models import Invite, Inviter, Referral
from campaigns.policies.pictures import code_uri
from campaigns.selectors.frame import prize_list
from campaigns.selectors.lottery import lottery_of
from campaigns.selectors.pages import page_url
from campaigns.selectors.referral import (
    InviteFigures,
    figures_of_referral,
    invite_get,
    invite_list,
    invite_token,
    inviter_list,
    referral_of,
)
from campaigns.services.invites import stuck_try
from campaigns.services.referral import (
    invite_decide,
    inviter_way_set,
    referral_remove,
    referral_set,
    referral_way_set,
    way_choices,
)
from campaigns.tables.referral import InviterTable, InviteTable, why_words
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from console.templatetags.q import figure
from contacts.selectors import tag_list
from tenants import clock, preferences
from tenants.enums import Permission

TOP = 10


class ReferralPage(FormPage):
    """Of a draft the form; of a started one who counts, who does not and why, and who invites most."""

    template_name = "campaigns/referral.html"
    form_class = ReferralForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Invitations")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, campaign = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        prizes = prize_list(tenant_id=tenant_id, campaign_id=campaign.pk)
        return {
            "prizes": [(one.pk, one.name) for one in prizes], "tags": _tags(tenant_id),
            "ways": way_choices(tenant_id=tenant_id),
        }  # fmt: skip

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = referral_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if row is None:
            return {"stay_days": preferences.value(self.request.tenant.pk, INVITEE_STAY_DAYS)}
        return {
            "prize": row.prize_id, "needed": row.needed, "stay_days": row.stay_days, "tags": row.tag_ids,
            "barred": row.barred_ids, "way": row.way_id,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        referral = referral_of(campaign=campaign)
        context = {**head(self.request, campaign, "invite"), "referral": referral}
        if referral is None or campaign.state == CampaignState.DRAFT:
            return {**context, "has_lottery": lottery_of(campaign=campaign) is not None}
        figures = figures_of_referral(referral=referral)
        url = page_url(invite_token(campaign=campaign, referral=referral))
        names = dict(_tags(self.request.tenant.pk))
        return {
            **context, "figures": figures, "stats": self._stats(figures, referral, campaign.pk), "page_url": url,
            "page_code": code_uri(url), "top": inviter_list(campaign=campaign)[:TOP],
            "has_lottery": lottery_of(campaign=campaign) is not None,
            "tag_names": [names[one] for one in referral.tag_ids if one in names],
            "barred_names": [names[one] for one in referral.barred_ids if one in names],
        }  # fmt: skip

    def _stats(self, figures: InviteFigures, referral: Referral, pk: int) -> list[dict[str, Any]]:
        at, people = clock.now(), self.url("campaigns:invites", pk=pk)
        days = ngettext("%(n)s day", "%(n)s days", referral.stay_days) % {"n": referral.stay_days}
        told = [
            (_("People who invite"), figures.inviters, "", self.url("campaigns:inviters", pk=pk),
             _("Made their invitation, or WeCom names them with a newcomer."),
             _("%(n)s reached the prize") % {"n": figure(figures.reached)} if referral.prize_id else ""),
            (_("Precise invitees"), figures.counted, f"/ {figure(figures.joined)}", f"{people}?state=counted",
             _("New, fitting, stayed for %(days)s; of all who came into a group by an invitation.") % {"days": days},
             ""),
            (_("Days to go"), figures.staying, "", f"{people}?state=staying",
             _("In a group, and nothing is wrong so far."), ""),
            (_("Waits for a look"), figures.held, "", f"{people}?state=held",
             _("Too many of one inviter came within an hour: a colleague decides."),
             _("%(n)s do not count") % {"n": figure(figures.rejected)}),
        ]  # fmt: skip
        return [
            {
                "label": label, "value": figure(value), "unit": unit, "url": url, "source": _("Members of groups"),
                "people": _("All invitees") if url.startswith(people) else _("Everybody who invites"),
                "against": against,
                "metric": {
                    "label": label, "definition": definition, "source": _("Members of groups"), "freshness": at,
                },
            }
            for label, value, unit, url, definition, against in told
        ]  # fmt: skip

    def done(self, form: ReferralForm, **kwargs: Any) -> HttpResponse:
        referral_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved."))
        return go(self.request, self.url("campaigns:step", pk=kwargs["pk"], step="play"))


def _tags(tenant_id: int) -> list[tuple[int, str]]:
    return [(one.pk, f"{one.group.name} · {one.name}" if one.group else one.name)
            for one in tag_list(tenant_id=tenant_id)]  # fmt: skip


class ReferralRemoveView(ConsoleView):
    """POST: take the invitations out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        referral_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class RewardsAgainView(ConsoleView):
    """POST: give the prizes that could not be given."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        referral = referral_of(campaign=campaign_of(self.request, pk))
        if referral is not None:
            stuck_try(tenant=self.request.tenant, referral_id=referral.pk)
            left = figures_of_referral(referral=referral).stuck
            toast(
                request, _("%(n)s could still not be given.") % {"n": left} if left else _("All are given.")
            )
        return go(request, self.url("campaigns:referral", pk=pk))


class _CodePage(FormPage):
    """A drawer: which group code."""

    template_name = "campaigns/why.html"
    form_class = CodeForm
    permission = write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"ways": way_choices(tenant_id=self.request.tenant.pk)}


class ReferralCodePage(_CodePage):
    """A drawer: the group code that friends are shown, also while the campaign runs."""

    def _referral(self, **kwargs: Any) -> Referral:
        found = referral_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if found is None:
            raise Referral.DoesNotExist
        return found

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"way": self._referral(**kwargs).way_id}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        self._referral(**kwargs)
        return {
            "campaign": campaign_of(self.request, kwargs["pk"]), "here": self.request.path,
            "heading": _("Group code for friends"), "verb": _("Save"),
            "text": _("It stands on every inviter's page. Codes are made under Groups, live codes."),
        }  # fmt: skip

    def done(self, form: CodeForm, **kwargs: Any) -> HttpResponse:
        self._referral(**kwargs)
        referral_way_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], way_id=form.cleaned_data["way"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Saved."))
        return drawer_done(self.request)


class InviterCodePage(_CodePage):
    """A drawer: a group code of an inviter's own."""

    def _inviter(self, **kwargs: Any) -> Inviter:
        return inviter_list(campaign=campaign_of(self.request, kwargs["pk"])).get(pk=kwargs["inviter_pk"])

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"way": self._inviter(**kwargs).way_id}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "campaign": self._inviter(**kwargs).customer, "here": self.request.path,
            "heading": _("Own group code"), "verb": _("Save"),
            "text": _("Whoever comes by this code came by this person, without a tap on any page. Make one for each "
                      "person under Groups, live codes."),
        }  # fmt: skip

    def done(self, form: CodeForm, **kwargs: Any) -> HttpResponse:
        inviter_way_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], inviter_id=self._inviter(**kwargs).pk,
            way_id=form.cleaned_data["way"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Saved."))
        return drawer_done(self.request)


class InvitesPage(ListPage):
    """Every invitee: who counts, who does not and why."""

    template_name = "campaigns/invitees.html"
    table_class = InviteTable
    filterset_class = InviteFilter
    key = "campaigns.invites"
    title = gettext_lazy("Invitees")

    def queryset(self) -> QuerySet[Invite]:
        return invite_list(campaign=campaign_of(self.request, self.kwargs["pk"]))

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug, "can_operate": self.can(Permission.OPERATE)}

    def context(self) -> dict[str, Any]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return {**head(self.request, campaign, "invite"), "list_title": self.title}


class InvitersPage(ListPage):
    """Everybody who invites, and how far they are."""

    template_name = "campaigns/invitees.html"
    table_class = InviterTable
    filterset_class = InviterFilter
    key = "campaigns.inviters"
    title = gettext_lazy("People who invite")

    def queryset(self) -> QuerySet[Inviter]:
        return inviter_list(campaign=campaign_of(self.request, self.kwargs["pk"]))

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug, "can_operate": self.can(Permission.OPERATE)}

    def context(self) -> dict[str, Any]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return {**head(self.request, campaign, "invite"), "list_title": self.title}


class DecidePage(FormPage):
    """A drawer: a person says whether an invitee counts, and why."""

    template_name = "campaigns/decide.html"
    form_class = DecideForm
    permission = write_permission = Permission.OPERATE

    def _invite(self, **kwargs: Any) -> Invite:
        return invite_get(
            tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], invite_id=kwargs["invite_pk"]
        )

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"decisions": DECISIONS[InviteState(self._invite(**kwargs).state)]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = self._invite(**kwargs)
        return {"invite": row, "here": self.request.path, "why": why_words(row)}

    def done(self, form: DecideForm, **kwargs: Any) -> HttpResponse:
        row = self._invite(**kwargs)
        invite_decide(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], invite_id=row.pk,
            decision=form.cleaned_data["decision"], reason=form.cleaned_data["reason"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Decided. Draws and the prize follow."))
        return drawer_done(self.request)
