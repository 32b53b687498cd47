"""The topic bank (R65): topics ranked by how many customers answer, who opens them, where they were used."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, render, toast
from groups.enums import Kind
from sop.enums import TOPIC_ANSWER_HOURS
from sop.forms import TopicForm
from sop.models import Topic
from sop.selectors.topics import (
    openers,
    openers_marked,
    topic_get,
    topic_list,
    topics_ranked,
    topics_untaken,
    uses_of,
)
from sop.services.topics import opener_mark, topic_archive, topic_save, topics_take
from team.selectors import staff_list
from tenants import preferences
from tenants.enums import Permission
from wecom.archive.selectors import coverage


class TopicsPage(TemplatePage):
    """All topics, the best first."""

    template_name = "sop/topics.html"
    partial_name = "sop/topics.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        kind, words = self.request.GET.get("kind", ""), self.request.GET.get("words", "").strip()[:64]
        kind = kind if kind in Kind.values else ""
        return {
            "ranked": topics_ranked(tenant=tenant, kind=kind, words=words),
            "total": topic_list(tenant_id=tenant.pk).count(),
            "ready": len(topics_untaken(tenant_id=tenant.pk)),
            "kinds": Kind.choices,
            "kind": kind,
            "words": words,
            "openers": openers(tenant_id=tenant.pk),
            "hours": preferences.value(tenant.pk, TOPIC_ANSWER_HOURS),
            "sees_messages": coverage(tenant_id=tenant.pk).sees_messages,
        }


class TopicPage(FormPage):
    """A drawer: one topic, to read or to write, with where it was used."""

    template_name = "sop/topic_drawer.html"
    form_class = TopicForm
    write_permission = Permission.OPERATE

    def topic(self, **kwargs: Any) -> Topic | None:
        if "pk" not in kwargs:
            return None
        found = topic_get(tenant_id=self.request.tenant.pk, topic_id=kwargs["pk"])
        if found is None:
            raise Http404
        return found

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        marked = openers_marked(tenant_id=tenant_id)
        rows = sorted(staff_list(tenant_id=tenant_id, active_only=True), key=lambda one: one.pk not in marked)
        mark = _("atmosphere account")
        return {"staff": [(one.pk, f"{one} · {mark}" if one.pk in marked else str(one)) for one in rows]}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        topic = self.topic(**kwargs)
        if topic is None:
            return {}
        return {
            "title": topic.title, "text": topic.text, "group_kind": topic.group_kind, "opener": topic.opener_id,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        topic = self.topic(**kwargs)
        return {
            "topic": topic,
            "uses": uses_of(tenant=self.request.tenant, topic_id=topic.pk) if topic else [],
        }

    def done(self, form: TopicForm, **kwargs: Any) -> HttpResponse:
        self.topic(**kwargs)
        data = form.cleaned_data
        topic_save(
            tenant=self.request.tenant, topic_id=kwargs.get("pk"), title=data["title"], text=data["text"],
            group_kind=data["group_kind"], opener_id=data["opener"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Saved. What was sent keeps its words."))
        return go(self.request, self.url("sop:topics"))


class TopicVerbView(ConsoleView):
    """POST: take a topic out of the bank, or back."""

    http_method_names = ["post"]
    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        if verb not in ("archive", "restore"):
            raise Http404
        topic_archive(
            tenant=self.request.tenant, topic_id=pk, is_archived=verb == "archive", actor=self.request.actor
        )
        back = self.url("sop:topic_verb", pk=pk, verb="restore") if verb == "archive" else ""
        toast(request, _("Out of the bank.") if verb == "archive" else _("Back in the bank."), undo_url=back)
        return go(request, self.url("sop:topics"))


class TopicsTakeView(ConsoleView):
    """POST: the topics that come with the product into the bank."""

    http_method_names = ["post"]
    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest) -> HttpResponse:
        count = topics_take(tenant=self.request.tenant, actor=self.request.actor)
        said = ngettext("%(n)s topic is in the bank now.", "%(n)s topics are in the bank now.", count)
        toast(request, said % {"n": count})
        return go(request, self.url("sop:topics"))


class OpenersPage(ConsoleView):
    """A drawer: which staff are atmosphere accounts."""

    write_permission = Permission.OPERATE

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant_id = self.request.tenant.pk
        context = {
            "staff": staff_list(tenant_id=tenant_id, active_only=True),
            "marked": openers_marked(tenant_id=tenant_id),
        }
        return render(request, "sop/openers_drawer.html", context, partial="sop/openers_drawer.html")

    def post(self, request: HttpRequest) -> HttpResponse:
        tenant = self.request.tenant
        wanted = {int(one) for one in request.POST.getlist("staff") if one.isdecimal() and len(one) < 19}
        marked = openers_marked(tenant_id=tenant.pk)
        for staff_id in sorted(wanted ^ marked):
            opener_mark(
                tenant=tenant, staff_id=staff_id, is_opener=staff_id in wanted, actor=self.request.actor
            )
        toast(request, _("Atmosphere accounts are marked."))
        return (
            drawer_done(request) if getattr(request, "htmx", False) else go(request, self.url("sop:topics"))
        )
