"""/r/c/<token>/: one door for every page of a campaign on a phone.

The token says which page of which company until when; WeCom's silent sign-in says who is here. Whatever else stands in
the address is not read.
"""

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from campaigns.enums import Phase, PlayKind
from campaigns.phone.base import CampaignHome, PlayPage, Visit, h5
from campaigns.phone.checkins import CheckInPage
from campaigns.phone.coupons import CouponPage
from campaigns.phone.deals import DealsPage
from campaigns.phone.distribution import DistributionPage, RecommendedPage
from campaigns.phone.flash import FlashPage
from campaigns.phone.joining import JoinPage
from campaigns.phone.lottery import LotteryPage
from campaigns.phone.mall import MallPage
from campaigns.phone.milestones import MilestonesPage
from campaigns.phone.quiz import QuizPage
from campaigns.phone.referral import InvitationPage, InvitePage
from campaigns.phone.showing import ShowPage
from campaigns.policies.doors import phase_of
from campaigns.selectors.pages import page_read
from content.policies.radar import is_bot
from content.views.visitors import ask_who, identity_read, in_wechat, visiting_customer
from tenants import clock
from tenants.models import Tenant
from tenants.pace import within_minute
from tenants.scoping import tenant_scope
from wecom.selectors import app_current

if TYPE_CHECKING:
    from campaigns.policies.page_tokens import PageToken

PAGES: dict[str, type[PlayPage]] = {
    PlayKind.CAMPAIGN.value: CampaignHome,
    PlayKind.CHECK_IN.value: CheckInPage,
    PlayKind.COUPON.value: CouponPage,
    PlayKind.DEALS.value: DealsPage,
    PlayKind.DISTRIBUTION.value: DistributionPage,
    PlayKind.RECOMMENDED.value: RecommendedPage,
    PlayKind.FLASH.value: FlashPage,
    PlayKind.JOIN.value: JoinPage,
    PlayKind.INVITATION.value: InvitationPage,
    PlayKind.INVITE.value: InvitePage,
    PlayKind.LOTTERY.value: LotteryPage,
    PlayKind.MALL.value: MallPage,
    PlayKind.MILESTONE.value: MilestonesPage,
    PlayKind.QUIZ.value: QuizPage,
    PlayKind.SHOW.value: ShowPage,
}
TRIES_A_MINUTE = 120  # of one person at one page
CROWD_A_MINUTE = 1200  # of one address whose people WeCom does not name: a whole school may come by one
PUBLIC_PARTS = ("picture", "code", "record")  # say nothing of who looks: nobody is asked who they are


class DoorView(View):
    """Every page, and every part of one."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        page = page_read(kwargs["token"])
        if page is None:
            again = _("Part of the address may be missing. Open it again from the message, or scan the code.")
            return stop(request, _("This page does not exist"), again, 404)
        tenant = Tenant.objects.filter(pk=page.tenant_id).first()
        if tenant is None:
            return stop(request, _("This page does not exist"), _("The company is not here any more."), 404)
        if tenant.suspended_at is not None:
            later = _("The company has put its pages on hold. Ask the person who sent it to you.")
            return stop(request, _("This page is closed for now"), later, 403)
        if page.until <= clock.now():
            return stop(
                request, _("This page has ended"), _("Ask in the group what is on now."), 410, tenant=tenant
            )
        request.tenant = tenant  # type: ignore[attr-defined]  # the pages' moments are on the company's wall
        with tenant_scope(tenant), timezone.override(tenant.timezone):
            return self._open(request, tenant, page, kwargs["token"], kwargs.get("part", ""))

    def _open(
        self, request: HttpRequest, tenant: Tenant, page: "PageToken", token: str, part: str
    ) -> HttpResponse:
        kind = PAGES.get(page.kind)
        campaign = kind.find(tenant_id=tenant.pk, row_id=page.row_id) if kind else None
        if kind is None or campaign is None:
            gone = _("What it showed is not there any more.")
            return stop(request, _("This page does not exist"), gone, 404, tenant=tenant)
        app = app_current(tenant_id=tenant.pk)
        identity, was_asked = identity_read(request, app) if app else (None, True)
        named = (identity.external_userid or identity.userid) if identity else ""
        if _is_too_often(token, named, request.META.get("REMOTE_ADDR", "")):
            wait = _("Wait a minute, then open it again.")
            return stop(request, _("Too many at once"), wait, 429, tenant=tenant)
        is_person = request.method == "GET" and not is_bot(request.headers.get("user-agent", ""))
        if app and not was_asked and is_person and in_wechat(request) and part not in PUBLIC_PARTS:
            return ask_who(request, app, f"c/{token}")
        visit = Visit(
            request, tenant, page, token, app, visiting_customer(tenant, app, identity),
            is_staff=identity is not None and identity.is_staff, in_wechat=in_wechat(request),
        )  # fmt: skip
        phase = phase_of(
            state=campaign.state, starts_at=campaign.starts_at, ends_at=campaign.ends_at,
            paused_at=campaign.paused_at, now=clock.now(),
        )  # fmt: skip
        if phase == Phase.DRAFT and not visit.is_staff:
            early = _("It is not published yet. Come back later.")
            return stop(request, _("It has not begun yet"), early, 404, tenant=tenant)
        return _serve(kind(visit, campaign, phase), part)


def _serve(shown: PlayPage, part: str) -> HttpResponse:
    request = shown.visit.request
    if request.method == "POST":
        if int(request.META.get("CONTENT_LENGTH") or 0) > shown.body_bytes:
            return stop(request, _("That is too much"), _("Shorten it and send it again."), 413)
        if shown.refusal() is not None or part:
            return stop(
                request, _("Not possible now"), str(shown.refusal() or ""), 409, tenant=shown.visit.tenant,
                back=shown.home,
            )  # fmt: skip
        return shown.post()
    if not part:
        return shown.show()
    name = shown.parts.get(part)
    if name is None:
        raise Http404
    answer: HttpResponse = getattr(shown, name)()
    return answer


def stop(
    request: HttpRequest, title: str, text: str, status: int, *, tenant: Tenant | None = None, back: str = ""
) -> HttpResponse:
    """A page that only says why there is nothing to see."""
    brand = (tenant.brand or tenant.name) if tenant else ""
    return h5(
        request,
        "campaigns/h5/stop.html",
        {"title": title, "text": text, "brand": brand, "back": back},
        status=status,
    )


def _is_too_often(token: str, named: str, address: str) -> bool:
    who, most = (named, TRIES_A_MINUTE) if named else (address, CROWD_A_MINUTE)
    return not within_minute(f"campaigns.page:{token}:{who}", most)
