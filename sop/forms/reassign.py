"""Shape in: to whom, and why."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from sop.selectors.reassign import Match


class ReassignForm(forms.Form):
    """`offers`: colleagues with what they may take, of `total` touches."""

    staff = forms.TypedChoiceField(
        label=pgettext_lazy("colleague", "To"),
        coerce=int,
        error_messages={"required": _("Choose a colleague.")},
        help_text=_("“Suggested”: their kind suits these links of the camp. It is never a label for pay."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, error_messages={"required": _("Say why: it stands in the trail.")}
    )

    def __init__(self, *args: Any, offers: "Sequence[Match]", total: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [  # type: ignore[attr-defined]
            (one.staff.pk, " · ".join([_named(one, total), *one.notes])) for one in offers
        ]


def _named(one: "Match", total: int) -> str:
    return f"{one.staff} ({len(one.taken)}/{total})" if total > 1 else str(one.staff)
