"""Shapes in: a step, a new draft, a run, a reason, another time."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.enums import BehaviourKind, TrustStage
from content.policies.attachments import AttachmentRefused, attachments_read
from groups.enums import Kind
from leads.enums import Tier
from sop.enums import (
    PUSH_CHANNELS,
    PUSH_TYPES,
    TRIGGER_ANCHORS,
    Anchor,
    Audience,
    CatchUp,
    Channel,
    ContentType,
    EventKind,
    Evidence,
    ExitRule,
    Link,
    Mark,
    OnBlock,
    Part,
    StepRole,
    Strategy,
    TemplateKind,
)
from sop.enums.reviews import Decision, ItemKind
from sop.policies.exits import Exit
from sop.policies.message import text_limit, text_size
from sop.services.runs import RunWish
from sop.services.templates import StepData

KEY_INTERACTIONS = (
    BehaviourKind.LIVE, BehaviourKind.FORM, BehaviourKind.MINI_PROGRAM, BehaviourKind.LINK_CLICK,
    BehaviourKind.ASSIGNMENT, BehaviourKind.CHECKIN, BehaviourKind.MESSAGE,
)  # fmt: skip
NONE = [("", _("None"))]
# A group tag and a member's tag may carry one number: the letter tells them apart.
_LETTERS: dict[str, str] = {Anchor.GROUP_TAG: "g", Anchor.CUSTOMER_TAG: "c"}
_TRIGGERS = tuple(TRIGGER_ANCHORS - {Anchor.MEMBER_JOIN})
_NEEDS_KIND = (Anchor.BEHAVIOUR, Anchor.ANSWERS)
TagChoices = Sequence[tuple[str, Any]]


class LocalDateTime(forms.DateTimeInput):
    """The browser's own picker; the value is on the tenant's wall."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def _address() -> forms.URLInput:
    return forms.URLInput(attrs={"placeholder": "https://"})


class AttachmentsField(forms.Field):
    """What comes along with the words: one input in JSON for each."""

    class widget(forms.MultipleHiddenInput):
        pass

    def clean(self, value: Any) -> list[dict[str, Any]]:
        try:
            found = [json.loads(one) if isinstance(one, str) else one for one in value or []]
        except json.JSONDecodeError as error:
            raise forms.ValidationError(_("An attachment could not be read. Add it again.")) from error
        try:
            return [one.to_dict() for one in attachments_read(found)]
        except AttachmentRefused as error:
            raise forms.ValidationError(str(error.message)) from error


class TriggerFields(forms.Form):
    """The fields of a step that say what it waits for. `group_tags`, `tags`, `steps`: (id or key, name)."""

    on = forms.DateField(
        label=_("Date"),
        required=False,
        widget=_date(),
        help_text=_("For a date and time: the day itself, whenever the run begins."),
    )
    trigger_tag = forms.ChoiceField(label=_("Tag"), required=False)
    trigger_count = forms.IntegerField(
        label=_("How many"),
        min_value=1,
        max_value=10_000,
        initial=1,
        required=False,
        help_text=_("Customers in the group, times a member does it, or different people who answer."),
    )
    trigger_kind = forms.ChoiceField(
        label=_("What they do"), choices=[*NONE, *BehaviourKind.choices], required=False
    )
    trigger_object = forms.CharField(
        label=_("Only with this"),
        max_length=128,
        required=False,
        help_text=_("The number or code of one live session, form, link or product. Empty: any."),
    )
    trigger_hours = forms.IntegerField(
        label=_("Within hours"),
        min_value=0,
        max_value=24 * 60,
        initial=0,
        required=False,
        help_text=_("0: however long it takes. Answers need an end: after it the chain counts as stalled."),
    )
    trigger_step = forms.ChoiceField(label=_("Answers to the step"), required=False)
    repeats = forms.BooleanField(
        label=_("Each time it happens, not only the first"),
        required=False,
        help_text=_("Without it, who comes back or gets the tag again does not get the step again."),
    )

    def __init__(
        self,
        *args: Any,
        group_tags: TagChoices | None = None,
        tags: TagChoices | None = None,
        steps: TagChoices | None = None,
        initial: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        known = dict(initial or {})
        if known.get("trigger_tag"):
            known["trigger_tag"] = f"{_LETTERS.get(str(known.get('anchor')), '')}{known['trigger_tag']}"
        super().__init__(*args, **{**kwargs, "initial": known})
        # A form that only judges what is being typed knows no choices: what was typed stands.
        typed = {name: [(self.data.get(name, ""),) * 2] for name in ("trigger_tag", "trigger_step")}
        is_typing = group_tags is None and tags is None and steps is None
        self.fields["trigger_tag"].choices = [  # type: ignore[attr-defined]
            *NONE,
            (_("Tags of groups"), [(f"g{pk}", name) for pk, name in group_tags or ()]),
            (_("Tags of members"), [(f"c{pk}", name) for pk, name in tags or ()]),
            *(typed["trigger_tag"] if is_typing else ()),
        ]
        self.fields["trigger_step"].choices = [  # type: ignore[attr-defined]
            *NONE,
            *(steps or ()),
            *(typed["trigger_step"] if is_typing else ()),
        ]

    @property
    def waits(self) -> bool:
        """Whether the fields matter for the chosen anchor, or one of them has a fault."""
        chosen = self["anchor"].value() if "anchor" in self.fields else ""
        mine = set(TriggerFields.base_fields)
        return chosen in (Anchor.ABSOLUTE, *_TRIGGERS) or bool(mine & set(self.errors))

    def clean_trigger(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the anchor needs is there; what belongs to another anchor is left empty."""
        anchor = data.get("anchor")
        if anchor == Anchor.ABSOLUTE:
            for name in ("on", "at"):
                if data.get(name) is None:
                    self.add_error(name, _("Say the date and the time."))
        tag, letter = data.get("trigger_tag") or "", _LETTERS.get(str(anchor))
        if letter and not tag.startswith(letter):
            self.add_error("trigger_tag", _("Choose a tag of the kind this step waits for."))
        if anchor in _NEEDS_KIND and not data.get("trigger_kind"):
            self.add_error("trigger_kind", _("Say what people do."))
        if anchor == Anchor.ANSWERS:
            if not data.get("trigger_step"):
                self.add_error("trigger_step", _("Choose the step that people answer."))
            if not data.get("trigger_hours"):
                self.add_error("trigger_hours", _("Say within how many hours, so that a stall shows."))
        data["trigger_tag"] = int(tag[1:]) if letter and tag.startswith(letter) else None
        data["trigger_count"] = data.get("trigger_count") or 1
        data["trigger_hours"] = data.get("trigger_hours") or 0
        data["on"] = data.get("on") if anchor == Anchor.ABSOLUTE else None
        if anchor not in _NEEDS_KIND:
            data["trigger_kind"] = data["trigger_object"] = ""
        data["trigger_step"] = data.get("trigger_step", "") if anchor == Anchor.ANSWERS else ""
        return data


class StepForm(TriggerFields):
    """One step of a draft. `day` and `at` belong to the camp-day anchor, `offset_minutes` to the others."""

    title = forms.CharField(label=_("Title"), max_length=64)
    anchor = forms.ChoiceField(label=_("Counted from"), choices=Anchor.choices)
    day = forms.IntegerField(label=_("Day"), min_value=1, max_value=400, required=False)
    at = forms.TimeField(label=_("Time"), required=False, widget=_time())
    offset_minutes = forms.IntegerField(
        label=_("Minutes after, or before (−)"),
        required=False,
        initial=0,
        help_text=_("After what it waits for; before the end of the offer: −180 is three hours before."),
    )
    window_minutes = forms.IntegerField(label=_("Window, minutes"), min_value=5, max_value=1440, initial=60)
    catch_up = forms.ChoiceField(label=_("After the window"), choices=CatchUp.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    audience = forms.ChoiceField(label=_("For whom"), choices=Audience.choices)
    content_type = forms.ChoiceField(label=_("Content type"), choices=ContentType.choices)
    text = forms.CharField(label=_("Message"), required=False, widget=forms.Textarea(attrs={"rows": 6}))
    attachments = AttachmentsField(label=_("What comes along"), required=False)
    material_id = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    role = forms.ChoiceField(label=_("Carried out by"), choices=StepRole.choices)
    evidence = forms.ChoiceField(label=_("Proof"), choices=Evidence.choices)
    on_block = forms.ChoiceField(label=_("When it may not go out"), choices=OnBlock.choices)
    replace_channel = forms.ChoiceField(
        label=_("Other channel"), choices=[*NONE, *Channel.choices], required=False
    )
    mark = forms.ChoiceField(label=_("Peak-end mark"), choices=Mark.choices, required=False)
    strategy = forms.ChoiceField(label=_("Strategy"), choices=Strategy.choices, required=False)
    link = forms.TypedChoiceField(
        label=_("Link of the bootcamp"),
        choices=[("", _("None")), *Link.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    parts = forms.MultipleChoiceField(
        label=_("What it brings"),
        choices=Part.choices,
        required=False,
        help_text=_("The checks of a bootcamp and of a flash group ask for these."),
    )
    cost_minutes = forms.IntegerField(label=_("Minutes a group"), min_value=0, max_value=240, initial=5)
    goal = forms.CharField(label=_("Goal"), max_length=80, required=False)
    is_marketing = forms.BooleanField(label=_("Sells something"), required=False)
    opens_talk = forms.BooleanField(label=_("Asks for an answer"), required=False)
    is_service = forms.BooleanField(
        label=_("Service message"),
        required=False,
        help_text=_("Something the person waits for: no caps, no quiet hours."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        anchor = data.get("anchor")
        if anchor == Anchor.RUN_START:
            for name in ("day", "at"):
                if data.get(name) is None:
                    self.add_error(name, _("A camp-day step needs a day and a time."))
        elif data.get("offset_minutes") is None:
            data["offset_minutes"] = 0
        if anchor == Anchor.OFFER_END and (data.get("offset_minutes") or 0) >= 0:
            self.add_error("offset_minutes", _("Before the end of the offer: a number below zero."))
        if data.get("on_block") == OnBlock.REPLACE and not data.get("replace_channel"):
            self.add_error("replace_channel", _("Say which channel takes its place."))
        self._clean_message(data)
        return self.clean_trigger(data)

    def _clean_message(self, data: dict[str, Any]) -> None:
        """What a channel takes: never empty, not too long."""
        text, channel = data.get("text") or "", data.get("channel") or ""
        if not text.strip() and not data.get("attachments") and "attachments" not in self.errors:
            self.add_error("text", _("Write something, or add what comes along."))
        limit = text_limit(channel)
        size = text_size(text, limit)
        if limit.most and size > limit.most:
            told = {"count": size, "limit": limit.most}
            said = (
                _("%(count)s bytes; WeCom takes %(limit)s. A Chinese character has three.")
                if limit.unit == "bytes"
                else _("%(count)s characters; %(limit)s are taken.")
            )
            self.add_error("text", said % told)

    def to_data(self) -> StepData:
        """The service's shape; what does not belong to the anchor is left empty."""
        data = dict(self.cleaned_data)
        if data["anchor"] != Anchor.RUN_START:
            data["day"] = None
        if data["anchor"] not in (Anchor.RUN_START, Anchor.ABSOLUTE):
            data["at"] = None
        data["offset_minutes"] = data["offset_minutes"] or 0
        return StepData(**data)


class SlotForm(forms.Form):
    """One slot of the weekly push table. `also`: other groups that get the same."""

    content_type = forms.ChoiceField(
        label=_("Content type"), choices=[(one.value, one.label) for one in PUSH_TYPES]
    )
    title = forms.CharField(label=_("Title"), max_length=64)
    text = forms.CharField(label=_("Message"), max_length=1300, widget=forms.Textarea(attrs={"rows": 6}))
    channel = forms.ChoiceField(label=_("Channel"), choices=[(one.value, one.label) for one in PUSH_CHANNELS])
    staff = forms.TypedChoiceField(
        label=_("Carried out by"), coerce=int, required=False, empty_value=None,
        help_text=_("A mass send always goes out by the group's owner."),
    )  # fmt: skip
    at = forms.TimeField(
        label=_("Time"), required=False, widget=_time(), help_text=_("Empty: the usual time of this slot.")
    )
    topic = forms.IntegerField(required=False, widget=forms.HiddenInput)
    material = forms.IntegerField(required=False, widget=forms.HiddenInput)
    also = forms.TypedMultipleChoiceField(
        label=_("Also in"), coerce=int, required=False,
        widget=forms.SelectMultiple(attrs={"data-choices": ""}),
        help_text=_("Other groups get it in the same slot, each by its own owner."),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[Any], groups: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [("", _("The group's owner")), *staff]  # type: ignore[attr-defined]
        self.fields["also"].choices = groups  # type: ignore[attr-defined]


class TopicForm(forms.Form):
    """One topic of the bank."""

    title = forms.CharField(label=_("Title"), max_length=64)
    text = forms.CharField(
        label=_("Opener"), max_length=1300, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Ask something that can be answered in one line."),
    )  # fmt: skip
    group_kind = forms.ChoiceField(
        label=_("For groups of type"), choices=[("", _("any type")), *Kind.choices], required=False
    )
    opener = forms.TypedChoiceField(
        label=_("Who opens it"), coerce=int, required=False, empty_value=None,
        help_text=_("Atmosphere accounts are your own staff. They speak for themselves, never as customers."),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opener"].choices = [("", _("The group's owner")), *staff]  # type: ignore[attr-defined]


class EventForm(forms.Form):
    """A value event; times on the tenant's wall."""

    kind = forms.ChoiceField(label=_("Type"), choices=EventKind.choices)
    title = forms.CharField(label=_("Title"), max_length=64)
    host = forms.CharField(label=_("Host"), max_length=64, help_text=_("Who speaks: name and what for."))
    about = forms.CharField(
        label=_("What it gives"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    starts_at = forms.DateTimeField(label=_("Begins"), widget=LocalDateTime())
    minutes = forms.IntegerField(label=_("Minutes"), min_value=10, max_value=720)
    place = forms.CharField(label=_("Place"), max_length=120, required=False)
    link = forms.URLField(
        label=_("Link"), max_length=500, required=False, assume_scheme="https", widget=_address()
    )
    capacity = forms.IntegerField(
        label=_("Seats"), min_value=1, max_value=100_000, required=False, help_text=_("Empty: no limit.")
    )
    groups = forms.TypedMultipleChoiceField(
        label=_("Groups invited"), coerce=int, widget=forms.SelectMultiple(attrs={"data-choices": ""})
    )
    staff = forms.TypedChoiceField(label=_("Answers for it"), coerce=int, required=False, empty_value=None)
    reminders = forms.MultipleChoiceField(
        label=_("Reminders"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[
            ("-1440", _("A day before, to those who signed up")),
            ("-60", _("An hour before, in the groups")),
            ("-10", _("Ten minutes before, in the groups")),
        ],
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[Any], groups: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [("", _("Nobody in particular")), *staff]  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]


class ReplayForm(forms.Form):
    """Where the replay is."""

    url = forms.URLField(label=_("Replay"), max_length=500, assume_scheme="https", widget=_address())


class AttendanceForm(forms.Form):
    """Who came: a CSV, or one WeCom customer id a line."""

    file = forms.FileField(label=_("CSV file"), required=False, help_text=_("With a column external_userid."))
    lines = forms.CharField(
        label=_("Or paste ids"), required=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One WeCom customer id a line."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("file") and not (data.get("lines") or "").strip():
            raise forms.ValidationError(_("Choose a file or paste ids."))
        if data.get("file") and data["file"].size > 2_000_000:
            self.add_error("file", _("The file is larger than 2 MB."))
        return data


class WeekExemptForm(forms.Form):
    """Why a group owes no weekly plan."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class WeekCopyForm(forms.Form):
    """Where a week's slots go."""

    to_week = forms.TypedChoiceField(label=_("Into the week"), coerce=date.fromisoformat)
    groups = forms.TypedMultipleChoiceField(
        label=_("Into the groups"), coerce=int, widget=forms.SelectMultiple(attrs={"data-choices": ""})
    )
    places = forms.MultipleChoiceField(
        label=_("Slots"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )  # fmt: skip
    overwrite = forms.BooleanField(
        label=_("Replace what stands there"), required=False,
        help_text=_("Without this only empty slots are filled. What has gone out always stays."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, weeks: list[Any], groups: list[Any], places: list[Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_week"].choices = weeks  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]
        self.fields["places"].choices = places  # type: ignore[attr-defined]


class StepMoveForm(forms.Form):
    """Where a step goes: a camp day, and a part of the day or a time."""

    day = forms.IntegerField(label=_("Day"), min_value=1, max_value=400)
    slot = forms.TypedChoiceField(
        label=_("Part of the day"),
        choices=[("0", _("Morning")), ("1", _("Noon")), ("2", _("Evening"))],
        coerce=int,
    )
    at = forms.TimeField(label=_("Time"), required=False, widget=_time())
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class PartForm(forms.Form):
    """One thing that comes along with a message: only the fields of its kind."""

    title = forms.CharField(label=_("Title"), required=False, max_length=200)
    url = forms.CharField(label=_("Address"), required=False, max_length=2048)
    description = forms.CharField(label=_("Description"), required=False, max_length=512)
    image_url = forms.CharField(label=_("Address of the small picture"), required=False, max_length=2048)
    appid = forms.CharField(label=_("Mini-program's app id"), required=False, max_length=128)
    page = forms.CharField(label=_("Page"), required=False, max_length=1024)
    file = forms.FileField(label=_("File"), required=False)

    FIELDS: ClassVar[dict[str, tuple[str, ...]]] = {
        "image": ("file",),
        "link": ("title", "url", "description", "image_url"),
        "mini_program": ("title", "appid", "page", "file"),
        "video": ("file",),
        "file": ("file",),
    }

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in list(self.fields):
            if name not in self.FIELDS[kind]:
                del self.fields[name]

    @property
    def file_kind(self) -> str:
        """The kind under which its file is kept; a mini-program's is its cover."""
        return "image" if self.kind == "mini_program" else self.kind


class ExitForm(forms.Form):
    """What takes a person or a group out of a run before its end."""

    bought = forms.BooleanField(label=_("Bought since the run began"), required=False)
    opted_out = forms.BooleanField(label=_("Wants no marketing"), required=False)
    left = forms.BooleanField(
        label=_("Left all groups of the run"),
        required=False,
        help_text=_("For good: who comes back is not taken in again."),
    )
    tier = forms.ChoiceField(
        label=_("Intent tier reached"), choices=[*NONE, *((one.value, one.value) for one in Tier)], required=False
    )  # fmt: skip
    stage = forms.TypedChoiceField(
        label=_("Trust stage reached"),
        choices=[*NONE, *((str(value), label) for value, label in TrustStage.choices)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    customer_tag = forms.TypedChoiceField(
        label=_("A member carries the tag"), coerce=int, empty_value=None, required=False
    )
    group_size = forms.IntegerField(
        label=_("The group reaches customers"), min_value=1, max_value=10_000, required=False
    )
    group_tag = forms.TypedChoiceField(
        label=_("The group carries the tag"), coerce=int, empty_value=None, required=False
    )
    frozen = forms.BooleanField(label=_("Sends to the group are frozen"), required=False)
    ended = forms.BooleanField(label=_("The group is dissolved or archived"), required=False)

    FIELDS = {
        "bought": ExitRule.BOUGHT, "opted_out": ExitRule.OPTED_OUT, "left": ExitRule.LEFT, "tier": ExitRule.TIER,
        "stage": ExitRule.STAGE, "customer_tag": ExitRule.CUSTOMER_TAG, "group_size": ExitRule.GROUP_SIZE,
        "group_tag": ExitRule.GROUP_TAG, "frozen": ExitRule.FROZEN, "ended": ExitRule.ENDED,
    }  # fmt: skip

    def __init__(self, *args: Any, group_tags: TagChoices, tags: TagChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer_tag"].choices = [*NONE, *tags]  # type: ignore[attr-defined]
        self.fields["group_tag"].choices = [*NONE, *group_tags]  # type: ignore[attr-defined]

    @classmethod
    def initial_of(cls, exits: list[Exit]) -> dict[str, Any]:
        """Stored rules as the form shows them."""
        names = {rule: name for name, rule in cls.FIELDS.items()}
        return {names[one.rule]: True if one.value is None else one.value for one in exits}

    def to_exits(self) -> list[Exit]:
        data = self.cleaned_data
        return [
            Exit(rule) if data[name] is True else Exit(rule, data[name])
            for name, rule in self.FIELDS.items()
            if data.get(name)
        ]


class CloneForm(forms.Form):
    """A built-in template into the tenant's own."""

    days = forms.IntegerField(min_value=4, max_value=90, required=False)
    name = forms.CharField(max_length=64, required=False)


class LibraryForm(forms.Form):
    """What of the library is shown."""

    q = forms.CharField(label=_("Search name and purpose"), max_length=60, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All")), *TemplateKind.choices], required=False)


class RenameForm(forms.Form):
    """A template's name and what it is for."""

    name = forms.CharField(label=_("Name of the template"), max_length=64)
    purpose = forms.CharField(
        label=_("What it is for"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class TemplateFileForm(forms.Form):
    """A template as a file: chosen, or, once looked at, its text with the word to take it in."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".toml,text/plain"}),
        error_messages={"required": _("Choose a file.")},
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not self.data.get("text")


class BlankForm(forms.Form):
    """An own template from nothing."""

    name = forms.CharField(label=_("Name of the template"), max_length=64)
    days = forms.IntegerField(label=_("Days"), min_value=4, max_value=90, initial=7)
    group_kind = forms.ChoiceField(
        label=_("For groups of type"),
        choices=[("", _("any type")), *Kind.choices],
        required=False,
        help_text=_("Before it is published, it is checked against what this type must never do."),
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class MoveForm(ReasonForm):
    """Which version a run goes on by, and why. The versions on offer are given by the view."""

    version = forms.TypedChoiceField(label=_("Version"), coerce=int)
    field_order = ["version", "reason"]

    def __init__(self, *args: Any, versions: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = versions  # type: ignore[attr-defined]


class OfferForm(ReasonForm):
    """Another end of the offer, never without a reason."""

    offer_ends_at = forms.DateTimeField(label=_("The offer ends"), widget=LocalDateTime())
    field_order = ["offer_ends_at", "reason"]


class RetimeForm(forms.Form):
    """Another time for one touch, on the tenant's wall."""

    due_at = forms.DateTimeField(label=_("New time"), widget=LocalDateTime())


class NoteForm(forms.Form):
    """What proves it."""

    note = forms.CharField(label=pgettext_lazy("remark", "Note"), max_length=500, required=False)


# What to do when a run lacks what its template leads people to; `step` is the first step that does.
NEEDED = {
    "interaction_url": _("“%(step)s” leads people there. Paste the address they should open."),
    "product_url": _("“%(step)s” leads people there. Paste the page where they buy."),
    "offer_ends_at": _("“%(step)s” counts down to it. Choose the day and the hour."),
}


class RunForm(forms.Form):
    """What a person decides to start a run. Choices of versions and groups are given by the view."""

    version = forms.TypedChoiceField(label=_("Template"), coerce=int)
    name = forms.CharField(label=_("Name of the run"), max_length=64)
    starts_on = forms.DateField(label=_("Day 1"), widget=_date())
    groups = forms.TypedMultipleChoiceField(
        label=_("Groups"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": _("Choose at least one group.")},
    )
    teacher = forms.CharField(
        label=_("Teacher's name"),
        max_length=20,
        required=False,
        help_text=_("Empty: the name of each group's owner."),
    )
    key_interaction = forms.ChoiceField(
        label=_("Key interaction"),
        choices=[(one.value, one.label) for one in KEY_INTERACTIONS],
        help_text=_("Members without it get the extra steps; with it they stop."),
    )
    interaction_url = forms.URLField(
        label=_("Its link"), max_length=500, required=False, assume_scheme="https", widget=_address(),
        help_text=_("The live room, form or mini-program that the messages lead to."),
    )  # fmt: skip
    product_title = forms.CharField(label=_("Course or product"), max_length=64, required=False)
    product_url = forms.URLField(
        label=_("Link to buy"), max_length=500, required=False, assume_scheme="https", widget=_address(),
        help_text=_("Every message gets its own tracked link to it."),
    )  # fmt: skip
    offer_ends_at = forms.DateTimeField(
        label=_("The offer ends"), required=False, widget=LocalDateTime(),
        help_text=_("Reminders go out 3, 2 and 1 hours before, only to those still undecided."),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        versions: list[tuple[int, str]],
        groups: list[tuple[int, str]],
        needs: dict[int, dict[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = versions  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]
        chosen = str((self.data or self.initial).get("version") or "")
        for name, step in needs.get(int(chosen) if chosen.isdecimal() else 0, {}).items():
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = NEEDED[name] % {"step": step}

    def to_wish(self) -> RunWish:
        data = self.cleaned_data
        return RunWish(
            version_id=data["version"],
            name=data["name"].strip(),
            group_ids=data["groups"],
            starts_on=data["starts_on"],
            key_interaction=data["key_interaction"],
            interaction_url=data["interaction_url"],
            offer_ends_at=data["offer_ends_at"],
            product_title=data["product_title"],
            product_url=data["product_url"],
            variables={"老师称呼": data["teacher"]} if data["teacher"] else {},
        )


def offer_default(starts_on: Any, offer_day: int | None, offer_at: time | None) -> datetime | None:
    """The offer's end as the template means it, on the tenant's wall (naive, for the picker)."""
    if offer_day is None or offer_at is None:
        return None
    return datetime.combine(starts_on + timedelta(days=offer_day - 1), offer_at)


class PointForm(forms.Form):
    """A point of a review."""

    kind = forms.ChoiceField(choices=ItemKind.choices)
    text = forms.CharField(max_length=300)
    step_key = forms.CharField(max_length=40, required=False)


class DecisionForm(forms.Form):
    """What becomes of the plan."""

    decision = forms.ChoiceField(choices=Decision.choices)
    summary = forms.CharField(max_length=2000, required=False)


class SettleForm(forms.Form):
    """Why a point is left as it is, or how it was answered."""

    reason = forms.CharField(max_length=200, required=False)


class FlightForm(forms.Form):
    """What a trial flight is flown with. `versions` are those of the same template to fly beside it."""

    starts_on = forms.DateField(label=_("Day 1"), widget=_date())
    groups = forms.IntegerField(label=_("Groups"), min_value=1, max_value=50)
    members = forms.IntegerField(label=_("Members a group"), min_value=1, max_value=500)
    groups_each = forms.IntegerField(label=_("Groups each staff member carries"), min_value=1, max_value=50)
    beside = forms.TypedChoiceField(
        label=_("Beside it"), coerce=int, required=False, empty_value=None,
        help_text=_("Both are flown with the same members; the page shows them side by side."),
    )  # fmt: skip

    def __init__(self, *args: Any, versions: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["beside"].choices = [("", _("No other version")), *versions]  # type: ignore[attr-defined]
