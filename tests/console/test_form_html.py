"""A list of choices is the same text as Django's templates make, however many options it has."""

from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from console.form_html import OptionList, QuickChoices, SharedChoiceField

WORDS = st.text(alphabet="ab群 <>&\"'{}%\n", max_size=6)
PAIRS = st.lists(st.tuples(st.integers(0, 9) | WORDS, WORDS), max_size=6)
CHOICES = st.lists(
    st.tuples(st.integers(0, 9) | WORDS, WORDS) | st.tuples(WORDS.filter(bool), PAIRS), max_size=5
)
ATTRS = st.dictionaries(
    st.sampled_from(["class", "required", "data-choices", "id", "title"]), WORDS | st.booleans(), max_size=3
)


def both(widget: forms.Widget, value: Any, attrs: dict[str, Any]) -> tuple[str, str]:
    """The widget by Django's templates, and by ours."""
    return (
        widget.render("gr<oup", value, attrs, DjangoTemplates()),
        widget.render("gr<oup", value, attrs, QuickChoices()),
    )


@given(choices=CHOICES, attrs=ATTRS, value=st.none() | st.integers(0, 9) | WORDS)
def test_a_select_is_what_django_makes_of_it(choices: Any, attrs: Any, value: Any) -> None:
    theirs, ours = both(forms.Select(choices=choices), value, attrs)
    assert ours == theirs


@given(choices=CHOICES, attrs=ATTRS, value=st.lists(st.integers(0, 9), max_size=3))
def test_a_select_of_several_is_what_django_makes_of_it(choices: Any, attrs: Any, value: Any) -> None:
    theirs, ours = both(forms.SelectMultiple(choices=choices), value, attrs)
    assert ours == theirs


def test_words_that_are_safe_already_and_own_templates_of_options_stay_as_they_are() -> None:
    class Own(forms.Select):
        option_template_name = "django/forms/widgets/checkbox_option.html"

    theirs, ours = both(forms.Select(choices=[("a", mark_safe("<b>A</b>"))]), "a", {})
    assert ours == theirs
    assert "<b>A</b>" in ours
    theirs, ours = both(Own(choices=[("a", "A")]), "a", {})
    assert ours == theirs
    assert 'type="' in ours


def test_forms_of_the_product_are_drawn_by_it() -> None:
    class Form(forms.Form):
        one = forms.ChoiceField(choices=[("a", "A")])

    assert isinstance(Form().renderer, QuickChoices)


@given(
    choices=st.dictionaries(st.integers(0, 9).map(str) | WORDS.filter(bool), WORDS, max_size=6),
    value=st.none() | st.integers(0, 9) | WORDS,
    is_required=st.booleans(),
)
def test_a_shared_list_of_choices_is_what_django_makes_of_one_of_its_own(
    choices: dict[str, str], value: Any, is_required: bool
) -> None:
    every = [("", "–"), *choices.items()]

    class Theirs(forms.Form):
        one = forms.TypedChoiceField(choices=every, required=is_required)

    class Ours(forms.Form):
        one = SharedChoiceField(options=OptionList(every), required=is_required)

    drawn = [str(form(initial={"one": value})["one"]) for form in (Theirs, Ours)]
    assert drawn[0] == drawn[1]
    sent = [form({"one": "" if value is None else str(value)}) for form in (Theirs, Ours)]
    assert sent[0].errors == sent[1].errors
    assert sent[0].cleaned_data == sent[1].cleaned_data
