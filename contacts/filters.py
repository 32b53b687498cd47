"""Filters of the customer list, kept in the URL."""

from functools import partial
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from console.filters import LateChoices
from console.keys import key_of
from contacts.enums import AddWay, MarkState, OrderScene, OrderState, SkuKind, ThreeStep, Verdict
from contacts.models import Customer, Obstacle, Order, Question, SheetRow, Sku, SurveyLink, Tag, TagMark
from contacts.policies.steps import stages_of_step
from contacts.selectors import (
    customer_list,
    customers_named,
    group_payments,
    groups_for_choice,
    member_ids,
    people_by_payment,
    tag_list,
)
from contacts.selectors.camps import camp_groups, camp_people, camps_for_choice
from contacts.selectors.channels import channel_list
from contacts.selectors.identity import as_persons
from contacts.selectors.service import in_hands_of, in_state
from contacts.selectors.skus import UNKNOWN, orders_of_kind, sku_choices
from contacts.selectors.stages import stage_names
from contacts.selectors.tags import tag_ids_with_rule
from team.selectors import staff_for_choice
from tenants import clock

YES_NO = [("yes", _("Yes")), ("no", _("No"))]


class CustomerFilter(filters.FilterSet):
    """Search, tag, staff, channel, how they were added, group, camp, how its members paid, stage, buyer, opt-out."""

    q = filters.CharFilter(label=_("Name, remark or WeCom id"), method="narrow")
    tag = filters.ChoiceFilter(label=_("Tag"), method="narrow", empty_label=_("All"))
    staff = filters.ChoiceFilter(label=_("Friend of"), method="narrow", empty_label=_("All"))
    channel = filters.ChoiceFilter(label=_("Channel"), method="narrow", empty_label=_("All"))
    added = filters.ChoiceFilter(
        label=_("Became a friend through"), choices=AddWay.choices, method="narrow", empty_label=_("All")
    )
    group = filters.ChoiceFilter(label=_("Group"), method="in_group", empty_label=_("All"))
    camp = filters.ChoiceFilter(label=_("Camp"), method="in_camp", empty_label=_("All"))
    payment = filters.MultipleChoiceFilter(label=_("Paid for a group"), choices=[], method="by_payment")
    stage = filters.ChoiceFilter(label=_("Trust stage"), method="at_stage", empty_label=_("All"))
    step = filters.ChoiceFilter(
        label=_("From joining to the deal"), choices=ThreeStep.choices, method="at_step", empty_label=_("All")
    )
    buyer = filters.ChoiceFilter(label=_("Has bought"), choices=YES_NO, method="narrow", empty_label=_("All"))
    opt_out = filters.ChoiceFilter(
        label=_("Wants no marketing"), choices=YES_NO, method="narrow", empty_label=_("All")
    )

    class Meta:
        model = Customer
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant_id = self.request.tenant.pk
        late = {
            "tag": lambda: [
                (one.pk, f"{one.group.name} / {one.name}" if one.group else one.name)
                for one in tag_list(tenant_id=tenant_id)
            ],
            "staff": lambda: staff_for_choice(tenant_id=tenant_id, active_only=True),
            "channel": lambda: [
                (one.pk, one.name) for one in channel_list(tenant_id=tenant_id, archived=None)
            ],
            "group": lambda: groups_for_choice(tenant_id=tenant_id),
            "camp": lambda: camps_for_choice(tenant_id=tenant_id),
        }
        for name, read in late.items():
            self.filters[name].extra["choices"] = LateChoices(read)
        self.filters["payment"].extra["choices"] = group_payments()
        self.filters["stage"].extra["choices"] = list(stage_names(tenant_id=tenant_id).items())

    def narrow(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        known = {
            "q": ("text", value),
            "tag": ("tag_id", key_of(value)),
            "staff": ("staff_id", key_of(value)),
            "channel": ("channel_id", key_of(value)),
            "added": ("added", key_of(value)),
            "buyer": ("buyer", value == "yes"),
            "opt_out": ("opted_out", value == "yes"),
        }
        key, wanted = known[name]
        return customer_list(tenant_id=self.request.tenant.pk, among=rows, **{key: wanted})

    def at_stage(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(stage=int(value))

    def at_step(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(stage__in=stages_of_step(value))

    def in_group(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(
            pk__in=as_persons(
                tenant_id=self.request.tenant.pk,
                customer_ids=member_ids(tenant_id=self.request.tenant.pk, group_id=int(value)),
            )
        )

    def in_camp(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        tenant_id = self.request.tenant.pk
        people = camp_people(tenant_id=tenant_id, camp_id=int(value))
        return rows.filter(pk__in=as_persons(tenant_id=tenant_id, customer_ids=people))

    def by_payment(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        if not values:
            return rows
        return rows.filter(pk__in=people_by_payment(tenant_id=self.request.tenant.pk, bases=values))


class ObstacleFilter(filters.FilterSet):
    """Search in the words and the name, open or solved, the camp, the step that the person is at."""

    q = filters.CharFilter(label=_("Obstacle, solution or name"), method="by_text")
    state = filters.ChoiceFilter(
        label=_("State"),
        choices=[
            ("open", pgettext_lazy("obstacle", "Open")),
            ("solved", pgettext_lazy("obstacle", "Solved")),
        ],
        method="by_state",
        empty_label=_("All"),
    )
    camp = filters.ChoiceFilter(label=_("Camp"), method="in_camp", empty_label=_("All"))
    step = filters.ChoiceFilter(
        label=_("From joining to the deal"), choices=ThreeStep.choices, method="at_step", empty_label=_("All")
    )

    class Meta:
        model = Obstacle
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant_id = self.request.tenant.pk
        self.filters["camp"].extra["choices"] = LateChoices(lambda: camps_for_choice(tenant_id=tenant_id))

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        told = Q(text__icontains=value) | Q(solution__icontains=value)
        return rows.filter(told | Q(customer__name__icontains=value))

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(solved_at__isnull=value == "open")

    def in_camp(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(customer__in=camp_people(tenant_id=self.request.tenant.pk, camp_id=int(value)))

    def at_step(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        stages = stages_of_step(value)
        own = Q(customer__person=None, customer__stage__in=stages)
        return rows.filter(own | Q(customer__person__stage__in=stages))


class TagFilter(filters.FilterSet):
    """Search, and whose the tags are."""

    q = filters.CharFilter(label=_("Tag or group of tags"), method="by_text")
    kept = filters.ChoiceFilter(
        label=_("Kept by"),
        choices=[("own", _("here")), ("wecom", _("WeCom"))],
        method="by_home",
        empty_label=_("All"),
    )
    rule = filters.ChoiceFilter(label=_("Has a rule"), choices=YES_NO, method="by_rule", empty_label=_("All"))

    class Meta:
        model = Tag
        fields: list[str] = []

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(Q(name__icontains=value) | Q(group__name__icontains=value))

    def by_home(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(app__isnull=value == "own")

    def by_rule(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        ruled = tag_ids_with_rule(tenant_id=self.request.tenant.pk)
        return rows.filter(pk__in=ruled) if value == "yes" else rows.exclude(pk__in=ruled)


class TagMarkFilter(filters.FilterSet):
    """Search, and what became of it at WeCom."""

    q = filters.CharFilter(label=_("Name"), field_name="customer__name", lookup_expr="icontains")
    status = filters.ChoiceFilter(label=_("Outcome"), choices=MarkState.choices, empty_label=_("All"))

    class Meta:
        model = TagMark
        fields: list[str] = []


class SkuFilter(filters.FilterSet):
    """Search, and what buying it means."""

    q = filters.CharFilter(label=_("Code or name"), method="by_text")
    kind = filters.ChoiceFilter(label=_("Kind of order"), choices=SkuKind.choices, empty_label=_("All"))

    class Meta:
        model = Sku
        fields: list[str] = []

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(Q(code__icontains=value) | Q(name__icontains=value))


class OrderFilter(filters.FilterSet):
    """Search, SKU, kind, refunded or not."""

    q = filters.CharFilter(label=_("Order number or name"), method="by_text")
    sku = filters.ChoiceFilter(label=_("SKU"), field_name="sku_id", empty_label=_("All"))
    kind = filters.ChoiceFilter(
        label=_("Kind of order"),
        choices=[*SkuKind.choices, (UNKNOWN, _("Unknown"))],
        method="by_kind",
        empty_label=_("All"),
    )
    state = filters.ChoiceFilter(label=_("State"), choices=OrderState.choices, empty_label=_("All"))
    scene = filters.ChoiceFilter(label=_("Scene"), choices=OrderScene.choices, empty_label=_("All"))
    campaign = filters.NumberFilter(field_name="campaign_id", widget=forms.HiddenInput)

    class Meta:
        model = Order
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant_id = self.request.tenant.pk
        self.filters["sku"].extra["choices"] = LateChoices(lambda: sku_choices(tenant_id=tenant_id))

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        named = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(Q(order_no=value) | Q(customer__in=named))

    def by_kind(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return orders_of_kind(rows, tenant_id=self.request.tenant.pk, kind=value)


class SheetRowFilter(filters.FilterSet):
    """What the lines of a file will do."""

    verdict = filters.ChoiceFilter(label=_("Will be"), choices=Verdict.choices, empty_label=_("All"))

    class Meta:
        model = SheetRow
        fields = ("verdict",)


class SurveyPeopleFilter(filters.FilterSet):
    """Whether somebody answered a form, and for which group they were asked."""

    q = filters.CharFilter(label=_("Name"), field_name="customer__name", lookup_expr="icontains")
    state = filters.ChoiceFilter(
        label=pgettext_lazy("form to customers", "Answer"),
        choices=[
            ("answered", _("Answered")),
            ("opened", pgettext_lazy("form to customers", "Opened")),
            ("missing", _("Has not answered")),
        ],
        method="by_state",
        empty_label=_("All"),
    )
    group = filters.NumberFilter(field_name="group_id", widget=forms.HiddenInput)
    camp = filters.NumberFilter(method="in_camp", widget=forms.HiddenInput)

    class Meta:
        model = SurveyLink
        fields: list[str] = []

    def in_camp(self, rows: QuerySet, name: str, value: int) -> QuerySet:
        return rows.filter(group__in=camp_groups(tenant_id=self.request.tenant.pk, camp_id=int(value)))

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == "opened":
            return rows.filter(opened_at__isnull=False)
        return rows.filter(answered_at__isnull=value == "missing")


QUESTION_DAYS = (7, 30, 90)
DAYS_WITHOUT_CHOICE = 30
QUESTION_STATES = [
    ("waiting", pgettext_lazy("question", "Waits for an answer")),
    ("late", pgettext_lazy("question", "Waits too long")),
    ("open", pgettext_lazy("question", "Not resolved")),
    ("answered", pgettext_lazy("question", "Answered")),
    ("resolved", pgettext_lazy("question", "Resolved")),
    ("closed", pgettext_lazy("question", "Closed by the team")),
]


class QuestionFilter(filters.FilterSet):
    """Who asked, which group, in whose hands, how it stands, in which days; one day instead of a range."""

    q = filters.CharFilter(label=_("Name"), method="by_text")
    group = filters.ChoiceFilter(label=_("Group"), field_name="group_id", empty_label=_("All"))
    staff = filters.ChoiceFilter(label=_("Colleague"), method="by_staff", empty_label=_("All"))
    state = filters.ChoiceFilter(
        label=_("State"), choices=QUESTION_STATES, method="by_state", empty_label=_("All")
    )
    days = filters.ChoiceFilter(
        label=pgettext_lazy("questions", "Asked"),
        choices=[
            (str(one), ngettext_lazy("last %(n)s day", "last %(n)s days", one) % {"n": one})
            for one in QUESTION_DAYS
        ],
        method="as_is",
        empty_label=None,
    )
    day = filters.DateFilter(label=_("Day"), method="as_is")

    class Meta:
        model = Question
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant_id = self.request.tenant.pk
        late = {"group": groups_for_choice, "staff": staff_for_choice}
        for name, read in late.items():
            self.filters[name].extra["choices"] = LateChoices(partial(read, tenant_id=tenant_id))

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(customer__in=customers_named(tenant_id=self.request.tenant.pk, text=value))

    def by_staff(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return in_hands_of(rows, int(value))

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return in_state(rows, value, clock.now())

    def as_is(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        """The page narrows the rows to the days that its figures count."""
        return rows
