"""Shape in: the frame of a draft, its days, phases and the end of the offer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sop.forms.widgets import time_input
from sop.services.frames import FrameWish, PhaseWish

LONGEST, LONGEST_AFTER = 90, 30
PARTS = ("name", "last", "note", "entry", "exit", "metric")


class FrameForm(forms.Form):
    """Days, offer, and a row of fields for each phase within the days, p0_name and so on; the last row is empty, for a
    new phase. A row that is ticked off falls away."""

    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=LONGEST)
    after_days = forms.IntegerField(
        label=_("Days after the end"), min_value=0, max_value=LONGEST_AFTER, required=False, initial=0
    )
    offer_day = forms.IntegerField(
        label=_("Day the offer ends"), min_value=1, max_value=LONGEST + LONGEST_AFTER, required=False
    )
    offer_at = forms.TimeField(label=_("Hour the offer ends"), required=False, widget=time_input())
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, phases: Sequence[Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = len(phases) + 1
        for number in range(self.count):
            self._row(number, phases[number] if number < len(phases) else {})

    def _row(self, number: int, phase: Mapping[str, Any]) -> None:
        fields: dict[str, forms.Field] = {
            "key": forms.CharField(required=False, max_length=16, widget=forms.HiddenInput),
            "name": forms.CharField(label=_("Name of the phase"), max_length=40, required=False),
            "last": forms.IntegerField(
                label=_("Last day"), min_value=1, max_value=LONGEST, required=False,
                help_text=_("Its first day follows the phase before; the last phase ends with the days."),
            ),
            "note": forms.CharField(label=_("Remark"), max_length=200, required=False),
            "entry": forms.CharField(label=_("Who enters"), max_length=120, required=False),
            "exit": forms.CharField(label=_("Who is through"), max_length=120, required=False),
            "metric": forms.CharField(label=_("What is watched"), max_length=120, required=False),
            "drop": forms.BooleanField(label=_("Take this phase out"), required=False),
        }  # fmt: skip
        for name, field in fields.items():
            field.initial = phase.get(name)
            self.fields[f"p{number}_{name}"] = field

    def rows(self) -> Iterator[dict[str, Any]]:
        """The fields of each phase by name, for the page; `is_new`: the empty one."""
        for number in range(self.count):
            names = ("key", *PARTS, "drop")
            yield {
                **{name: self[f"p{number}_{name}"] for name in names},
                "is_new": not self[f"p{number}_key"].value(),
            }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["after_days"] = data.get("after_days") or 0
        days = data.get("days")
        kept = [number for number in range(self.count) if self._is_kept(data, number)]
        if not kept:
            self.add_error(None, _("Keep at least one phase."))
        if days is not None and kept:
            self._clean_ends(data, kept, days)
            self._clean_offer(data, days + data["after_days"])
        data["kept"] = kept
        return data

    def _is_kept(self, data: dict[str, Any], number: int) -> bool:
        is_there = data.get(f"p{number}_key") or (data.get(f"p{number}_name") or "").strip()
        return bool(is_there) and not data.get(f"p{number}_drop")

    def _clean_ends(self, data: dict[str, Any], kept: list[int], days: int) -> None:
        before = 0
        for number in kept:
            name = f"p{number}_last"
            if number == kept[-1]:
                data[name] = days
            end = data.get(name)
            if end is None and name not in self.errors:
                self.add_error(name, _("Say on which day this phase ends."))
            if end is None:
                return
            if not before < end <= days:
                told = {"first": before + 1, "last": days}
                self.add_error(name, _("It has to end on a day from %(first)s to %(last)s.") % told)
                return
            before = end

    def _clean_offer(self, data: dict[str, Any], last: int) -> None:
        day, at = data.get("offer_day"), data.get("offer_at")
        if day is not None and day > last:
            self.add_error("offer_day", _("The last day is %(last)s.") % {"last": last})
        if day is not None and at is None and "offer_at" not in self.errors:
            self.add_error("offer_at", _("Say at which hour the offer ends."))
        if day is None and at is not None and "offer_day" not in self.errors:
            self.add_error("offer_day", _("Say on which day the offer ends."))

    def to_wish(self) -> FrameWish:
        """The service's shape."""
        data = self.cleaned_data
        phases = [
            PhaseWish(
                key=data[f"p{number}_key"],
                **{name: data[f"p{number}_{name}"] for name in PARTS},
            )
            for number in data["kept"]
        ]
        return FrameWish(
            days=data["days"], after_days=data["after_days"], offer_day=data["offer_day"], offer_at=data["offer_at"],
            phases=phases,
        )  # fmt: skip
