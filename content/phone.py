"""Scripts in the sidebar: search by what the customer asked, send with one tap, say what is missing."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import render, toast
from contacts.selectors import customer_by_external, follow_of
from content.enums import ScriptKind
from content.errors import WordsRefused
from content.policies.sensitive import refused
from content.policies.wording import names_in
from content.policies.wording import render as fill
from content.selectors import script_search
from content.selectors.facts import Stressed, facts_for
from content.selectors.proofs import PRIVATE, Shown, unproved
from content.selectors.sensitive import hits_in, words_of
from content.services import script_missed, script_used
from content.services.asks import ask_answered, ask_record
from content.services.facts import fact_told
from team.errors import SignInRefused
from team.phone import PhoneView
from team.phone.base import Panel
from tenants import clock
from tenants.models import Tenant

FIRST = 4  # shown before anybody searches
FOUND = 8
QUESTION_CHARS = 120


def filled(*, tenant: Tenant, staff: Any, scripts: list[Any], values: dict[str, str]) -> list[dict[str, Any]]:
    """[{"script", "text", "open", "stop"}]: the words as they will be sent; `open` names what nothing could fill.

    `stop`: why they may not be sent (a word of the company's list, a testimonial that may not be shown any more)."""
    own = {
        "teacher": str(staff),
        "brand": tenant.brand or tenant.name,
        **{k: v for k, v in values.items() if v},
    }
    made = []
    for one in scripts:
        text = fill(one.text, own, {})
        made.append({"script": one, "text": text, "open": names_in(text), "stop": ""})
    _stopped(tenant, made)
    return made


def _stopped(tenant: Tenant, made: list[dict[str, Any]]) -> None:
    words = words_of(tenant)
    shown = {one["script"].pk: Shown(one["script"].text, PRIVATE) for one in made}
    problems = unproved(tenant=tenant, shown=shown.values())
    for one in made:
        said, problem = refused(hits_in([one["text"]], words)), problems.get(shown[one["script"].pk])
        if said:
            one["stop"] = str(WordsRefused(said))
        elif problem is not None:
            one["stop"] = str(problem.label)


class ScriptsPage(PhoneView):
    """Search scripts; the part alone for htmx. Subclasses say who is spoken to."""

    def values(self, **kwargs: Any) -> dict[str, str]:
        """Variable -> value for whom the words are meant. Raises SignInRefused for a stranger's id."""
        return {}

    def target(self, **kwargs: Any) -> dict[str, str]:
        """Whom a tap sends to: {"chat"} or {"external"}."""
        return {}

    def group_id(self, **kwargs: Any) -> int | None:
        """The group it is searched for, where that is known."""
        return None

    def more(self, **kwargs: Any) -> dict[str, Any]:
        """What stands above the scripts before anybody searches."""
        return {}

    def here(self, **kwargs: Any) -> str:
        """The address of this search."""
        return self.url("content_phone:scripts")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        values = self.values(**kwargs)
        question = request.GET.get("q", "").strip()[:QUESTION_CHARS]
        kind = request.GET.get("kind", "")
        kind = kind if kind in ScriptKind.values else ""
        is_part = bool(getattr(request, "htmx", False))
        limit = FIRST if is_part and not question and not kind else FOUND
        found = script_search(tenant_id=self.request.tenant.pk, question=question, kind=kind, limit=limit)
        if question:
            ask_record(
                tenant=self.request.tenant, words=question, found=len(found), actor=self.request.actor,
                group_id=self.group_id(**kwargs),
            )  # fmt: skip
        context = {
            "question": question,
            "kind": kind,
            "kinds": ScriptKind.choices,
            "found": filled(
                tenant=self.request.tenant, staff=self.request.staff, scripts=found, values=values
            ),
            "target": self.target(**kwargs),
            "here": self.here(**kwargs),
            **({} if question or kind else self.more(**kwargs)),
        }
        name = "content/_phone_found.html" if is_part else "content/phone_scripts.html"
        return render(request, "content/phone_scripts.html", context, partial=name)


def friend_of(view: PhoneView, external_userid: str) -> tuple[Any, Any]:
    """(customer, tie) of the staff member's own friend. Raises SignInRefused for anybody else."""
    tenant_id, staff = view.request.tenant.pk, view.request.staff
    customer = customer_by_external(tenant_id=tenant_id, app_id=staff.app_id, external_userid=external_userid)
    tie = None
    if customer is not None:
        tie = follow_of(tenant_id=tenant_id, customer_id=customer.pk, staff_id=staff.pk)
    if customer is None or tie is None:
        raise SignInRefused("not_friend")
    return customer, tie


class CustomerScriptsPage(ScriptsPage):
    """The same for one customer: only a friend's name is filled in."""

    def values(self, **kwargs: Any) -> dict[str, str]:
        customer, tie = friend_of(self, kwargs["external_userid"])
        facts = self._facts(customer.pk)
        return {"customer": tie.remark or customer.name, "fact": facts[0].fact.text if facts else ""}

    def _facts(self, customer_id: int) -> list[Stressed]:
        if not hasattr(self, "_found_facts"):
            self._found_facts = facts_for(tenant=self.request.tenant, customer_id=customer_id)
        return self._found_facts

    def more(self, **kwargs: Any) -> dict[str, Any]:
        return {"facts": self._found_facts, "external": kwargs["external_userid"]}

    def target(self, **kwargs: Any) -> dict[str, str]:
        return {"external": kwargs["external_userid"]}

    def here(self, **kwargs: Any) -> str:
        return self.url("content_phone:customer_scripts", **kwargs)


class ScriptUsedView(PhoneView):
    """POST: the words were sent. The browser only counts; it waits for no answer."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        script_used(tenant=self.request.tenant, script_id=pk)
        ask_answered(tenant=self.request.tenant, script_id=pk, actor=self.request.actor)
        return HttpResponse(status=204)


class FactToldView(PhoneView):
    """POST: the fact was sent to this customer; once a day counts as one telling."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, external_userid: str, pk: int) -> HttpResponse:
        tenant = self.request.tenant
        customer, _tie = friend_of(self, external_userid)
        try:
            fact_told(
                tenant=tenant, fact_id=pk, customer_id=customer.pk, actor=self.request.actor,
                ref=f"chat:{clock.local_date(clock.now(), tenant.timezone)}",
            )  # fmt: skip
        except ObjectDoesNotExist as error:
            raise Http404 from error
        return HttpResponse(status=204)


class MissView(PhoneView):
    """POST: nobody has written an answer to this yet."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if not getattr(request, "htmx", False):
            raise Http404
        script_missed(
            tenant=self.request.tenant, words=request.POST.get("words", ""), actor=self.request.actor
        )
        toast(request, _("Written down. Who keeps the scripts sees it under Scripts."))
        return HttpResponse(status=204)


def scripts_panel(*, request: HttpRequest, customer_id: int) -> Panel | None:
    """The search on the customer's page; it loads by itself."""
    match = request.resolver_match
    external = match.kwargs.get("external_userid", "") if match else ""
    return Panel("content/_phone_panel.html", {"external": external}) if external else None
