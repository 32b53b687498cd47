"""What one was told, and what one wants to be told: the page of notices, its choices, mute and test."""

from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, TemplatePage, go, toast
from team.enums import NOTICE_DIGEST_AT, NoticeChannel
from team.forms import NoticeChoiceForm
from team.selectors.notices import (
    choice_of,
    mailings_lately,
    notices_of,
    quiet_of_company,
    staff_of_member,
    tuned_of,
    unread,
    ways_lately,
)
from team.services.notice_choices import choices_save, notice_read, notices_mute, notices_read_all
from team.services.notices import send_test
from tenants import clock, preferences
from tenants.enums import Permission
from tenants.models import Membership

PAGE_ROWS = 50
MORNING_HOUR = 8


class _Own(ConsoleView):
    """Everybody's own: whoever may look into the company may be told."""

    write_permission = Permission.VIEW

    def member(self) -> Membership:
        """The visitor's place in this company. A platform operator has none: 404."""
        found = Membership.objects.filter(tenant=self.request.tenant, user=self.request.user, ended_at=None)
        row = found.select_related("user").first()
        if row is None:
            raise Http404
        return row


class NoticesPage(_Own, TemplatePage):
    """All that one was told, the unread first in sight."""

    template_name = "team/notices.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        rows = notices_of(tenant_id=self.request.tenant.pk, member_id=self.member().pk)
        waiting = unread(rows)
        tab = "all" if self.request.GET.get("show") == "all" else "unread"
        shown = Paginator(rows if tab == "all" else waiting, PAGE_ROWS).get_page(self.request.GET.get("page"))
        return {"page": shown, "tab": tab, "unread_count": waiting.count(), "all_count": rows.count()}


class NoticeOpen(_Own):
    """A notice leads to its matter, and is read then. Links in messages come here."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        tenant_id = self.request.tenant.pk
        row = notice_read(tenant_id=tenant_id, member_id=self.member().pk, notice_id=pk)
        is_ours = row.url.startswith("/") and url_has_allowed_host_and_scheme(row.url, allowed_hosts=None)
        return HttpResponseRedirect(row.url if is_ours else self.url("team:notices"))


class NoticesReadAll(_Own):
    """Everything is read."""

    def post(self, request: HttpRequest) -> HttpResponse:
        notices_read_all(tenant_id=self.request.tenant.pk, member_id=self.member().pk)
        toast(request, _("All notices are read."))
        return go(request, self.url("team:notices"))


class NoticeChoices(_Own, FormPage):
    """What reaches me where, and when."""

    template_name = "team/notice_choices.html"
    form_class = NoticeChoiceForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = choice_of(tenant_id=self.request.tenant.pk, member_id=self.member().pk)
        company = quiet_of_company(tenant_id=self.request.tenant.pk)
        return {
            "has_own_quiet": row.quiet_from is not None,
            "quiet_from": row.quiet_from or company.start,
            "quiet_until": row.quiet_until or company.end,
            "rings_in_quiet": row.rings_in_quiet,
        }

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        member = self.member()
        return {
            "tuned": tuned_of(tenant_id=self.request.tenant.pk, members=[member])[member.pk],
            "channels": list(NoticeChannel),
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, member = self.request.tenant.pk, self.member()
        row = choice_of(tenant_id=tenant_id, member_id=member.pk)
        return {
            "muted_until": row.muted_until if row.muted_until and row.muted_until > clock.now() else None,
            "staff": staff_of_member(tenant_id=tenant_id, member_id=member.pk),
            "member": member,
            "company": quiet_of_company(tenant_id=tenant_id),
            "digest_at": preferences.value(tenant_id, NOTICE_DIGEST_AT),
            "ways": ways_lately(tenant_id=tenant_id, member_id=member.pk),
            "letters": [
                one for one in mailings_lately(tenant_id=tenant_id, member_id=member.pk) if one.error
            ],
        }

    def done(self, form: NoticeChoiceForm, **kwargs: Any) -> HttpResponse:
        data = form.cleaned_data
        choices_save(
            tenant=self.request.tenant,
            member=self.member(),
            choices=form.chosen(),
            quiet=(data["quiet_from"], data["quiet_until"]) if data["has_own_quiet"] else None,
            rings_in_quiet=data["rings_in_quiet"],
            actor=self.request.actor,
        )
        toast(self.request, _("Your notices are tuned."))
        return HttpResponseRedirect(self.url("team:notice_choices"))


class NoticeMute(_Own):
    """Nothing rings for an hour, until tomorrow morning, for a week; or it rings again."""

    def post(self, request: HttpRequest, span: str) -> HttpResponse:
        now = clock.now()
        spans = {
            "hour": now + timedelta(hours=1),
            "tomorrow": _next_morning(now, self.request.tenant.timezone),
            "week": now + timedelta(days=7),
            "off": None,
        }
        if span not in spans:
            raise Http404
        notices_mute(
            tenant=self.request.tenant, member=self.member(), until=spans[span], actor=self.request.actor
        )
        toast(request, _("Nothing rings for now.") if spans[span] else _("Notices ring again."))
        return go(request, self.url("team:notice_choices"))


def _next_morning(now: datetime, zone: str) -> datetime:
    day = clock.local_date(now, zone) + timedelta(days=1)
    return clock.day_bounds(day, zone)[0] + timedelta(hours=MORNING_HOUR)


class NoticeTest(_Own):
    """Send me a test."""

    def post(self, request: HttpRequest) -> HttpResponse:
        made = send_test(tenant_id=self.request.tenant.pk, member_id=self.member().pk)
        said = _("A test is on its way.") if made else _("A test went this minute already. Look below.")
        toast(request, said)
        return go(request, self.url("team:notice_choices"))
