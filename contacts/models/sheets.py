"""Files of customers, orders and tags (R38): each line with its verdict before anything is written."""

from typing import Any

from django.db import models

from contacts.enums import SheetKind, Verdict
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class Sheet(TenantModel):
    """One uploaded file. It is checked line by line first, and written only when a person says so.

    `header` and the rows' `cells` are the file as it came, so that the faults can be handed back. `checked` and
    `done` count lines judged and lines written, faults among them; `undone` counts lines taken back.
    """

    kind = models.CharField(max_length=12, choices=SheetKind)
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=40, default="import")  # of orders: which shop they are from
    uploaded_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=clock.now)
    body = models.TextField(blank=True)  # the file as CSV text until it is checked
    header = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    counts: Any = models.JSONField(default=dict)  # {Verdict: lines}
    started_at = models.DateTimeField(null=True, blank=True)
    started_by = models.CharField(max_length=128, blank=True)
    done = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)  # lines that changed something
    written_at = models.DateTimeField(null=True, blank=True)
    undo_at = models.DateTimeField(null=True, blank=True)  # a person said: take it back
    undone = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-created_at"], name="contacts_sheet_recent")]

    def __str__(self) -> str:
        return self.name


class SheetRow(TenantModel):
    """One line of a file. `line` counts from 1, the header included.

    `key` names what the line is about: two lines of one key contradict each other. `told` is what was read,
    `changes` [[field, before, after]] what it will do, `before` what to put back.
    """

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    told: Any = models.JSONField(default=dict)
    key = models.CharField(max_length=200, blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict)
    column = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=300, blank=True)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    changes: Any = models.JSONField(default=list)
    before: Any = models.JSONField(default=dict)
    written_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sheet", "line"], name="contacts_sheet_row_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "sheet", "key"], name="contacts_sheet_row_key"),
            models.Index(
                fields=["tenant", "customer"],
                name="contacts_sheet_row_person",
                condition=models.Q(customer__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}"
