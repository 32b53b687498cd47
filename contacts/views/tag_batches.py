"""One tag for the picked people of the list, with the reason, and the way back."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from console.keys import keys_of
from console.listing import ListPage
from console.pages import ConsoleView, go, render, toast
from contacts.filters import CustomerFilter, TagMarkFilter
from contacts.forms import TagBatchForm
from contacts.models import Customer, TagBatch, TagMark
from contacts.selectors import customer_list, tag_list
from contacts.selectors.tag_marks import batch_get, batch_marks, marks_written
from contacts.services.tag_batches import tag_batch_again, tag_batch_start, tag_batch_undo
from contacts.tables.tags import TagMarkTable
from tenants import clock
from tenants.enums import Permission

SHOWN = 50


class TagBatchPage(ConsoleView):
    """Put a tag on the picked people, or take one off: who they are and why, then the verb."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        people = self._picked()
        count = people.count()
        if not count:
            toast(request, _("Nobody was picked. Pick people in the list first."))
            return go(request, self.url("contacts:list"))
        is_on, is_answer = verb == "tag", "decided" in request.POST
        tags = [
            (one.pk, f"{one.group.name} / {one.name}" if one.group else one.name)
            for one in tag_list(tenant_id=self.request.tenant.pk)
        ]
        today = clock.local_date(clock.now(), self.request.tenant.timezone)
        form = TagBatchForm(request.POST if is_answer else None, tags=tags, today=today, is_on=is_on)
        if is_answer and form.is_valid():
            return self._do(people, form, is_on=is_on)
        context = {
            "form": form, "is_on": is_on, "count": count, "shown": people[:SHOWN],
            "more": max(count - SHOWN, 0), "has_tags": bool(tags), **self._again(),
        }  # fmt: skip
        return render(request, "contacts/tag_batch.html", context, status=422 if is_answer else 200)

    def _do(self, people: QuerySet[Customer], form: TagBatchForm, *, is_on: bool) -> HttpResponse:
        batch = tag_batch_start(
            tenant=self.request.tenant,
            tag_id=form.cleaned_data["tag"],
            is_on=is_on,
            customer_ids=people.order_by().values_list("pk", flat=True),
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
            expires_at=form.expires_at(self.request.tenant.timezone),
        )
        if batch.done_at is None:
            toast(self.request, _("It goes on by itself; how far it is stands under Tags"))
            return go(self.request, self.url("contacts:tags"))
        if is_on:
            said = ngettext("%(n)s person tagged", "%(n)s people tagged", batch.changed)
        else:
            said = ngettext("Tag taken off %(n)s person", "Tag taken off %(n)s people", batch.changed)
        undo = self.url("contacts:tag_batch_undo", pk=batch.pk) if batch.changed else ""
        toast(self.request, said % {"n": batch.changed}, undo)
        is_written = bool(marks_written(tenant_id=self.request.tenant.pk, batch_ids=[batch.pk]))
        if is_written:
            return go(self.request, self.url("contacts:tag_batch", pk=batch.pk))
        return go(self.request, self.url("contacts:list"))

    def _again(self) -> dict[str, str]:
        """What the form hands back, so that the same people are meant: the filters, or the ids."""
        told = self.request.POST
        if told.get("every"):
            return {"every": "1", "query": told.get("query", ""), "picked": ""}
        return {"every": "", "query": "", "picked": ",".join(map(str, self._ids()))}

    def _ids(self) -> list[int]:
        return keys_of([*self.request.POST.getlist("pick"), *self.request.POST.get("picked", "").split(",")])

    def _picked(self) -> QuerySet[Customer]:
        """The people of the post: `every` with the list's filters, `picked` (ids with commas), or each `pick`."""
        rows = customer_list(tenant_id=self.request.tenant.pk)
        if not self.request.POST.get("every"):
            return rows.filter(pk__in=self._ids())
        made = CustomerFilter(
            QueryDict(self.request.POST.get("query", "")), queryset=rows, request=self.request
        )
        found: QuerySet[Customer] = made.qs if made.is_valid() else rows.none()
        return found


class TagBatchUndoView(ConsoleView):
    """Take back what was put on or taken off many people at once."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            batch = tag_batch_undo(tenant=self.request.tenant, batch_id=pk, actor=self.request.actor)
        except TagBatch.DoesNotExist as error:
            raise Http404 from error
        toast(request, _("Taken back") if batch.undone_at else _("Being taken back."))
        return go(request, self.url("contacts:tags"))


class TagBatchDetailPage(ListPage):
    """What of one batch is written to WeCom: each relation of a customer and a staff member with its outcome."""

    template_name = "contacts/tag_batch_marks.html"
    table_class = TagMarkTable
    filterset_class = TagMarkFilter
    key = "contacts.tag_marks"
    title = _lazy("At WeCom")
    has_views = False

    def _batch(self) -> TagBatch:
        try:
            return batch_get(tenant_id=self.request.tenant.pk, batch_id=self.kwargs["pk"])
        except TagBatch.DoesNotExist as error:
            raise Http404 from error

    def queryset(self) -> QuerySet[TagMark]:
        return batch_marks(tenant_id=self.request.tenant.pk, batch_id=self._batch().pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}

    def context(self) -> dict[str, Any]:
        batch = self._batch()
        written = marks_written(tenant_id=self.request.tenant.pk, batch_ids=[batch.pk])
        return {"batch": batch, "written": written.get(batch.pk)}


class TagBatchAgainView(ConsoleView):
    """Ask WeCom again for what it refused of a batch."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            asked = tag_batch_again(tenant=self.request.tenant, batch_id=pk, actor=self.request.actor)
        except TagBatch.DoesNotExist as error:
            raise Http404 from error
        said = ngettext(
            "WeCom is asked again for %(n)s person", "WeCom is asked again for %(n)s people", asked
        )
        toast(request, said % {"n": asked})
        return go(request, self.url("contacts:tag_batch", pk=pk))
