"""Forms before a camp in the console: the list, the builder, one form with its people, asking a group."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from contacts.enums import GroupQuestion, QuestionKind
from contacts.filters import SurveyPeopleFilter
from contacts.forms.surveys import AskForm, SurveyForm, initial_of, intake_start
from contacts.models import Survey, SurveyLink
from contacts.policies.surveys import Question, asks_newcomers, questions_from
from contacts.selectors import groups_for_choice
from contacts.selectors.own_fields import own_specs
from contacts.selectors.surveys import (
    answers_waiting,
    as_response,
    camp_responses,
    is_open,
    survey_get,
    survey_list,
    survey_people,
    survey_responses,
)
from contacts.services.surveys import answer_decide, survey_ask, survey_close, survey_save
from contacts.tables.surveys import SurveyPeopleTable, SurveyTable
from tenants import clock
from tenants.enums import Permission

PART_ROWS = 20


def survey_found(tenant_id: int, pk: int) -> Survey:
    """The form of a URL, or 404: unknown and foreign look the same."""
    try:
        return survey_get(tenant_id=tenant_id, survey_id=pk)
    except Survey.DoesNotExist as error:
        raise Http404 from error


class SurveysPage(ListPage):
    """All forms with their response rates."""

    template_name = "contacts/surveys.html"
    table_class = SurveyTable
    key = "contacts.surveys"
    has_views = False
    title = gettext_lazy("Forms")
    purpose = gettext_lazy(
        "Ask before the camp begins: staff send each friend a link of their own, and the answers go to the profile."
    )

    def queryset(self) -> QuerySet[Survey]:
        return survey_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}

    def context(self) -> dict[str, Any]:
        return {"has_forms": self.queryset().exists()}


def service_form() -> dict[str, Any]:
    """A form that asks how service was, ready to be sent (R126)."""
    asked = [
        Question("q1", _("How was our service?"), QuestionKind.SINGLE, GroupQuestion.SERVICE, required=True),
        Question("q2", _("What should we do better?"), QuestionKind.TEXT, GroupQuestion.FEEDBACK),
    ]
    return {
        "title": _("How was our service?"),
        "thanks": _("Thank you. We read every answer."),
        **initial_of(asked),
    }


READY = {"service": service_form, "intake": intake_start}  # ?ready=: forms that are there to begin with


class SurveyNewPage(FormPage):
    """Build a form."""

    template_name = "contacts/survey_edit.html"
    form_class = SurveyForm
    permission = write_permission = Permission.OPERATE
    title = gettext_lazy("New form")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        ready = READY.get(self.request.GET.get("ready", ""))
        return ready() if ready else {}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        specs = own_specs(tenant_id=self.request.tenant.pk, archived=None if kwargs.get("pk") else False)
        return {"own": [(one.key, one.label) for one in specs.values()]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        is_ready = self.request.GET.get("ready", "") in READY
        return {"survey_pk": kwargs.get("pk"), "can_start": not kwargs.get("pk") and not is_ready}

    def done(self, form: SurveyForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        survey = survey_save(
            tenant=self.request.tenant,
            survey_id=kwargs.get("pk"),
            title=told["title"],
            intro=told["intro"],
            thanks=told["thanks"],
            questions=form.questions(),
            last_day=told["last_day"],
            actor=self.request.actor,
        )
        return go(self.request, self.url("contacts:survey", pk=survey.pk))


class SurveyEditPage(SurveyNewPage):
    """Change a form; what was answered keeps its words."""

    title = gettext_lazy("Change the form")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = survey_found(self.request.tenant.pk, kwargs["pk"])
        head = {"title": row.title, "intro": row.intro, "thanks": row.thanks, "last_day": row.last_day}
        return {**head, **initial_of(questions_from(row.questions))}


class SurveyPage(ListPage):
    """One form: the response of each group, answers that wait, and everybody who was asked."""

    template_name = "contacts/survey.html"
    table_class = SurveyPeopleTable
    filterset_class = SurveyPeopleFilter
    key = "contacts.survey"
    has_views = False

    @property
    def _survey(self) -> Survey:
        return survey_found(self.request.tenant.pk, self.kwargs["pk"])

    def queryset(self) -> QuerySet[SurveyLink]:
        return survey_people(survey=self._survey)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug, "survey": self._survey}

    def context(self) -> dict[str, Any]:
        survey = self._survey
        responses = self._part(survey_responses(survey=survey), "groups_page")
        responses.object_list = [as_response(row) for row in responses.object_list]
        return {
            "survey": survey,
            "questions": questions_from(survey.questions),
            "is_open": is_open(survey, now=clock.now(), zone=self.request.tenant.timezone),
            "camps": camp_responses(survey=survey),
            "responses": responses,
            "waiting": self._part(answers_waiting(survey=survey), "waiting_page"),
        }

    def _part(self, rows: QuerySet, field: str) -> Page:
        """The page of a part that stands above the table; `field` of the URL says which."""
        return Paginator(rows, PART_ROWS).get_page(self.request.GET.get(field))


class SurveyAskPage(FormPage):
    """A drawer: ask a group, or remind those of it who have not answered."""

    template_name = "contacts/survey_ask.html"
    form_class = AskForm
    permission = write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"groups": groups_for_choice(tenant_id=self.request.tenant.pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": self.request.GET.get("group", "")}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        survey = survey_found(self.request.tenant.pk, kwargs["pk"])
        return {"survey": survey, "asks_newcomers": asks_newcomers(questions_from(survey.questions))}

    def done(self, form: AskForm, **kwargs: Any) -> HttpResponse:
        group_id = form.cleaned_data["group"]
        names = dict(groups_for_choice(tenant_id=self.request.tenant.pk))
        asked = survey_ask(
            tenant=self.request.tenant,
            survey_id=kwargs["pk"],
            group_id=group_id,
            group_name=names[group_id],
            actor=self.request.actor,
        )
        said = ngettext("%(n)s task for staff", "%(n)s tasks for staff", asked.tasks) % {"n": asked.tasks}
        if asked.strangers:
            said += _("; %(n)s are nobody's friend and cannot be asked") % {"n": asked.strangers}
        toast(self.request, said)
        return drawer_done(self.request)


class SurveyActView(ConsoleView):
    """POST: take no more answers, or take them again."""

    http_method_names = ["post"]
    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        survey_found(self.request.tenant.pk, pk)
        is_closed = verb == "close"
        survey_close(tenant=self.request.tenant, survey_id=pk, is_closed=is_closed, actor=self.request.actor)
        return go(request, self.url("contacts:survey", pk=pk))


class AnswerDecideView(ConsoleView):
    """POST: this answer is by the person asked, or by somebody else."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row = answer_decide(
            tenant=self.request.tenant, answer_id=pk, is_theirs=verb == "confirm", actor=self.request.actor
        )
        toast(request, _("It stands in the profile now") if verb == "confirm" else _("Dropped"))
        return go(request, self.url("contacts:survey", pk=row.survey_id))
