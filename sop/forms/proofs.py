"""Shapes in: a screenshot, a refusal, outcomes of calls."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.policies.pictures import LARGEST_BYTES, LARGEST_MB
from sop.enums.proofs import Outcome


class PictureForm(forms.Form):
    """A screenshot from the phone. What it is, its bytes tell."""

    picture = forms.FileField(
        label=_("Screenshot"),
        error_messages={
            "required": _("Choose the screenshot first."),
            "empty": _("The picture is empty. Choose it again."),
        },
    )

    def clean_picture(self) -> Any:
        sent = self.cleaned_data["picture"]
        if sent.size > LARGEST_BYTES:
            raise forms.ValidationError(_("The picture is larger than %(most)s MB.") % {"most": LARGEST_MB})
        return sent


class RefuseForm(forms.Form):
    """Why a picture proves nothing."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        error_messages={"required": _("Say why, so that it can be mended.")},
    )


def outcomes_read(data: Any, recipient_ids: list[int]) -> dict[int, tuple[str, str]]:
    """{recipient: (outcome, note)} of the fields `outcome-<id>` and `note-<id>`; unknown words are left out."""
    found = {}
    for one in recipient_ids:
        outcome = data.get(f"outcome-{one}", "")
        if outcome in Outcome.values:
            found[one] = (outcome, data.get(f"note-{one}", "")[:200])
    return found
