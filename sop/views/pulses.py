"""A pulse: the question on a customer's phone, and who answered what (R48).

Who visits is told by WeCom's silent sign-in, never by the address; it works without JavaScript. Anonymity is not
promised: the name stands beside the answer, and the page says so.
"""

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import View

from console.pages import TemplatePage, render
from content.policies.radar import is_bot
from content.selectors import radar_tenant
from content.views.visitors import ask_who, identity_read, in_wechat, missing, visiting_customer
from sop.enums.pulses import Score
from sop.errors import PulseClosed, PulseNotMeant
from sop.selectors.pulses import Question, answer_of, pulses_of_run, question_of, records_of
from sop.services.pulses import SAID_CHARS, may_change, pulse_answer
from sop.views.runs import found_run
from tenants.pace import within_minute
from tenants.scoping import tenant_scope
from wecom.selectors import app_current

if TYPE_CHECKING:
    from contacts.models import Customer
    from tenants.models import Tenant

TRIES_A_MINUTE = 60  # of one question by one address: a whole camp may come by one proxy
SHOWN = 300


class PulsePhoneView(View):
    """/r/p/<token>: one question, one tap; a sentence may follow."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        token = kwargs["token"]
        tenant = radar_tenant(token)
        if tenant is None:
            return missing(request)
        with tenant_scope(tenant):
            question = question_of(tenant=tenant, token=token)
            if question is None:
                return missing(request)
            key = f"sop.pulse:{tenant.pk}:{token}:{request.META.get('REMOTE_ADDR', '')}"
            if not within_minute(key, TRIES_A_MINUTE):
                stop = (_("Too many tries"), _("Wait a minute, then open the link again."))
                return _answer(request, {"stop": stop}, 429)
            app = app_current(tenant_id=tenant.pk)
            identity, was_asked = identity_read(request, app) if app else (None, True)
            asks = request.method == "GET" and not is_bot(request.headers.get("user-agent", ""))
            if app is not None and not was_asked and asks and in_wechat(request):
                return ask_who(request, app, f"p/{token}")
            customer = visiting_customer(tenant, app, identity)
            is_staff = identity is not None and identity.is_staff
            return self._serve(request, tenant, question, customer, is_staff=is_staff)

    def _serve(
        self, request: HttpRequest, tenant: "Tenant", question: Question, customer: "Customer | None", *,
        is_staff: bool,
    ) -> HttpResponse:  # fmt: skip
        problem, status = "", 200
        if request.method == "POST" and customer is not None:
            problem, status = self._take(request, tenant, question, customer)
        row = None
        if customer is not None:
            records = records_of(tenant_id=tenant.pk, customer=customer)
            row = answer_of(tenant_id=tenant.pk, question=question, records=records)
        context = {
            "question": question,
            "brand": tenant.brand or tenant.name,
            "customer": customer,
            "is_staff": is_staff,
            "scores": Score.choices,
            "row": row,
            "answer": Score(row.score).label if row else "",
            "may_change": row is not None and may_change(row, zone=tenant.timezone),
            "problem": problem,
            "most": SAID_CHARS,
        }
        return _answer(request, context, status)

    def _take(
        self, request: HttpRequest, tenant: "Tenant", question: Question, customer: "Customer"
    ) -> tuple[str, int]:
        """(why it was not kept, status)."""
        raw = request.POST.get("score", "")
        if raw not in {str(one) for one in Score.values}:
            return _("Tap one of the five answers."), 422
        said = request.POST.get("said")
        try:
            pulse_answer(tenant=tenant, question=question, customer=customer, score=int(raw), said=said)
        except (PulseClosed, PulseNotMeant) as error:
            return str(error.message), error.status
        return "", 200


def _answer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "sop/pulse_phone.html", context, status=status, partial="sop/pulse_phone.html")
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response


class PulsePeoplePage(TemplatePage):
    """Who gave which answer to one question of a run; `?score=` only one of the five."""

    template_name = "sop/pulse_people.html"
    http_method_names = ["get", "head", "options"]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        run = found_run(self.request, kwargs["pk"])
        asked = self.request.GET
        found = pulses_of_run(tenant=self.request.tenant, run=run)
        pulse = next((one for one in found if one.step.key == asked.get("step", "")), None)
        if pulse is None:
            raise Http404
        score = asked.get("score", "")
        rows = [one for one in pulse.answers if score in ("", str(one.score))]
        words = dict(Score.choices)
        return {
            "run": run,
            "pulse": pulse,
            "answers": [(one, words[one.score]) for one in rows[:SHOWN]],
            "total": len(rows),
            "shown": SHOWN,
            "asked_word": words.get(int(score), "") if score.isdecimal() else "",
        }
