"""Templates, runs and the touches they plan; import them from here."""

from sop.models.certificates import Certificate
from sop.models.runs import Run, RunGroup
from sop.models.templates import Step, Template, Version
from sop.models.touches import SendTask, Touch, TouchRecipient

__all__ = [
    "Certificate",
    "Run",
    "RunGroup",
    "SendTask",
    "Step",
    "Template",
    "Touch",
    "TouchRecipient",
    "Version",
]
