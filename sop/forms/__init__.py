"""Shapes in, by subject; import them from here."""

from sop.forms.events import AttendanceForm, EventForm, ReplayForm, TopicForm
from sop.forms.links import LinkForm, LinksField
from sop.forms.runs import (
    NEEDED,
    DecisionForm,
    FlightForm,
    MoveForm,
    NoteForm,
    OfferForm,
    PointForm,
    ReasonForm,
    RetimeForm,
    RunForm,
    offer_default,
)
from sop.forms.steps import (
    KEY_INTERACTIONS,
    AttachmentsField,
    PartForm,
    StepForm,
    StepMoveForm,
    TriggerFields,
)
from sop.forms.templates import BlankForm, CloneForm, ExitForm, LibraryForm, RenameForm, TemplateFileForm
from sop.forms.week import SlotForm, WeekCopyForm, WeekExemptForm
from sop.forms.widgets import NONE, LocalDateTime, TagChoices

__all__ = [
    "KEY_INTERACTIONS",
    "NEEDED",
    "NONE",
    "AttachmentsField",
    "AttendanceForm",
    "BlankForm",
    "CloneForm",
    "DecisionForm",
    "EventForm",
    "ExitForm",
    "FlightForm",
    "LibraryForm",
    "LinkForm",
    "LinksField",
    "LocalDateTime",
    "MoveForm",
    "NoteForm",
    "OfferForm",
    "PartForm",
    "PointForm",
    "ReasonForm",
    "RenameForm",
    "ReplayForm",
    "RetimeForm",
    "RunForm",
    "SlotForm",
    "StepForm",
    "StepMoveForm",
    "TagChoices",
    "TemplateFileForm",
    "TopicForm",
    "TriggerFields",
    "WeekCopyForm",
    "WeekExemptForm",
    "offer_default",
]
