"""Sensitive words: the two lists, a box to try a text, the drawer that adds."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.pages import ConsoleView, FormPage, drawer_done, go, render, toast
from content.enums import WordDoes, WordReason
from content.forms.sensitive import TryForm, WordsForm
from content.policies.sensitive import find
from content.selectors.sensitive import default_words, told, word_get, word_list, words_of
from content.services.sensitive import word_drop, words_put
from tenants.enums import Permission

SHOWN = 300


class WordsPage(FormPage):
    """The company's list, the platform's, and what a text would meet."""

    template_name = "content/words.html"
    form_class = TryForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Sensitive words")
    purpose = gettext_lazy(
        "Looked for while something is written, when a plan is published, and again before each message is sent."
    )

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        own = list(word_list(tenant_id=tenant_id)[:SHOWN])
        taken = {row.key for row in own}
        reasons = [
            (reason.label, [one for one in default_words() if one.reason == reason.value])
            for reason in WordReason
            if reason is not WordReason.OWN
        ]
        return {
            "own": own, "reasons": reasons, "taken": taken, "does": WordDoes,
            "can_write": self.can(Permission.OPERATE), "here": "words",
        }  # fmt: skip

    def done(self, form: TryForm, **kwargs: Any) -> HttpResponse:
        text = form.cleaned_data["text"].replace("\r\n", "\n")
        hits = find(text, words_of(self.request.tenant))
        base = {"form": form, "title": self.title, "purpose": self.purpose, **self.context(**kwargs)}
        tried = {"tried": text, "pieces": _pieces(text, hits), "hits": told(hits)}
        return render(self.request, self.template_name, {**base, **tried}, partial=self.template_name)


def _pieces(text: str, hits: list[Any]) -> list[tuple[str, str]]:
    """The text cut into (piece, "" or the tone of the hit it is), for marking. Overlapping hits are one piece."""
    made: list[tuple[str, str]] = []
    at = 0
    for one in hits:
        if one.start < at:
            continue
        made += [(text[at : one.start], ""), (one.found, "bad" if one.stops else "warn")]
        at = one.end
    return [piece for piece in [*made, (text[at:], "")] if piece[0]]


class WordsAddPage(FormPage):
    """A drawer: put words on the company's list."""

    template_name = "content/words_add.html"
    form_class = WordsForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("word", "")[:40]
        return {"words": asked, "does": WordDoes.OFF if asked else WordDoes.REFUSE}

    def done(self, form: WordsForm, **kwargs: Any) -> HttpResponse:
        rows = words_put(tenant=self.request.tenant, actor=self.request.actor, **form.cleaned_data)
        toast(
            self.request,
            ngettext("%(n)s word on the list", "%(n)s words on the list", len(rows)) % {"n": len(rows)},
        )
        return drawer_done(self.request)


class WordDropView(ConsoleView):
    """POST: take a word off the company's list."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = word_get(tenant_id=self.request.tenant.pk, word_id=pk)
        word_drop(tenant=self.request.tenant, word_id=row.pk, actor=self.request.actor)
        toast(request, _("Off the list: %(word)s") % {"word": row.word})
        return go(request, self.url("content:words"))
