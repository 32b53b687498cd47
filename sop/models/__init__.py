"""Templates, runs and the touches they plan; import them from here."""

from sop.models.certificates import Certificate
from sop.models.edits import DraftEdit
from sop.models.flights import Flight
from sop.models.proofs import TouchProof
from sop.models.pulses import PulseAnswer
from sop.models.push import PushDefault, PushSlot, PushWeek
from sop.models.reassignments import Reassignment
from sop.models.reminders import TouchReminder
from sop.models.reviews import Review, ReviewItem
from sop.models.runs import Run, RunExit, RunGroup
from sop.models.schedules import WeekPlan
from sop.models.templates import Step, Template, Version
from sop.models.topics import Topic, TopicOpener, TopicUse
from sop.models.touches import SendTask, Touch, TouchRecipient
from sop.models.value_events import EventGroup, EventSignup, ValueEvent

__all__ = [
    "Certificate",
    "DraftEdit",
    "EventGroup",
    "EventSignup",
    "Flight",
    "PulseAnswer",
    "PushDefault",
    "PushSlot",
    "PushWeek",
    "Reassignment",
    "Review",
    "ReviewItem",
    "Run",
    "RunExit",
    "RunGroup",
    "SendTask",
    "Step",
    "Template",
    "Topic",
    "TopicOpener",
    "TopicUse",
    "Touch",
    "TouchProof",
    "TouchRecipient",
    "TouchReminder",
    "ValueEvent",
    "Version",
    "WeekPlan",
]
