"""Filter forms as a bar of chips and drop-downs: reading a django-filter form for the template."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext

from console.pages import render

SEARCH_FIELD = "q"
CHOICES_KEY = "choices"  # ?choices=group asks for the choices of that filter alone
FIELDS_MOST = 7  # a list with more filters than this ...
NEITHER = "unknown"  # what the select of a yes-or-no filter says while nobody has chosen
FIELDS_SHOWN = 5  # ... shows its first ones and folds the others


class LateChoices(CallableChoiceIterator):
    """Choices among rows of a company, which may be thousands: read when their drop-down opens or one is in force.

    `read` gives (value, label) pairs and is called once at most. Give it as the choices of a filter whose page answers
    `?choices=` (`ListPage` does; others ask `filter_choices`).
    """

    def __init__(self, read: Callable[[], Iterable[tuple[Any, Any]]]) -> None:
        super().__init__(cache(lambda: list(read())))

    def __len__(self) -> int:
        return sum(1 for _choice in self)


@dataclass(frozen=True)
class Drop:
    """One filter of the bar: its field, the values in force, whether its choices come when it opens."""

    field: forms.BoundField
    values: list[str]
    is_late: bool


@dataclass(frozen=True)
class Chip:
    """One active filter, and the query string without it."""

    label: Any
    text: str
    without: str


@dataclass(frozen=True)
class FilterBar:
    """What `console/_filters.html` draws. `search` is the bound field named q, or None."""

    search: forms.BoundField | None
    fields: list[Drop]
    more: list[Drop]  # those that stand folded
    hidden: list[tuple[str, str]]
    chips: list[Chip]

    @property
    def is_more_set(self) -> bool:
        """Whether one of those that stand folded is in force."""
        return any(drop.values for drop in self.more)


def _texts(field: forms.BoundField, values: list[str]) -> list[str]:
    choices = getattr(field.field, "choices", None) or getattr(field.field.widget, "choices", None)
    if choices is None:
        return values
    known = {str(key): str(label) for key, label in _flat(choices)}
    return [known.get(value, value) for value in values]


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    flat = []
    for key, label in choices:
        flat += list(label) if isinstance(label, list | tuple) else [(key, label)]
    return flat


def _names(field: forms.BoundField) -> list[str]:
    """The query keys of a field: several for a range."""
    widgets = getattr(field.field.widget, "widgets_names", None)
    return [f"{field.name}{suffix}" for suffix in widgets] if widgets else [field.name]


def _is_late(field: forms.BoundField) -> bool:
    choices = getattr(field.field, "choices", None)
    return isinstance(getattr(choices, "choices", choices), LateChoices)


def filter_choices(request: HttpRequest, form: forms.Form) -> HttpResponse:
    """The choices that `?choices=` asks for, as they stand in their drop-down. Http404 for a filter that is none."""
    name = request.GET[CHOICES_KEY]
    if not hasattr(form.fields.get(name), "choices"):
        raise Http404
    part = "console/_filter_field.html"
    return render(request, part, {"field": form[name]}, partial=part)


def filter_bar(form: forms.Form, query: QueryDict) -> FilterBar:
    """Read a filter form and the present query string."""
    names = {name for field in form for name in _names(field)}
    fields, chips, search = [], [], None
    hidden = [(key, value) for key in ("sort", "size") for value in query.getlist(key) if key not in names]
    for field in form:
        keys = _names(field)
        unset = {"", NEITHER} if isinstance(field.field, forms.NullBooleanField) else {""}
        values = [value for key in keys for value in query.getlist(key) if value not in unset]
        if field.name == SEARCH_FIELD:
            search = field
            continue
        if field.is_hidden:
            hidden += [(key, value) for key in keys for value in query.getlist(key) if value]
        else:
            fields.append(Drop(field, values, _is_late(field)))
        if values:
            rest = query.copy()
            for key in [*keys, "page", "view"]:
                rest.pop(key, None)
            chips.append(Chip(field.label, gettext(", ").join(_texts(field, values)), f"?{rest.urlencode()}"))
    shown = FIELDS_SHOWN if len(fields) > FIELDS_MOST else len(fields)
    return FilterBar(search, fields[:shown], fields[shown:], hidden, chips)
