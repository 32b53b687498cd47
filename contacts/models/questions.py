"""What customers asked and how it was answered (R75): derived from the messages on record, but for what people said."""

from django.db import models

from contacts.enums import QuestionClose
from contacts.models.people import Customer
from tenants.scoping import TenantModel


class Question(TenantModel):
    """One question of a customer in a group, or in private to one colleague. Its words stay in the archive.

    `asked_at`, `replied_at`, `replied_by` and `resolved_at` follow from the messages alone (policies.questions) and are
    the same however they came. `staff` has to answer: the friend, or who owned the group then. `due_at` is when an
    answer was due, `lead_at` when the question goes to the team lead, by the settings of that day. `is_live`: heard
    from the archive, not read from a file. The rest people or the tick said.
    """

    msgid = models.CharField(max_length=128)
    message_id = models.BigIntegerField()
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    group = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    is_private = models.BooleanField(default=False)
    is_live = models.BooleanField(default=True)
    asked_at = models.DateTimeField()
    replied_at = models.DateTimeField(null=True, blank=True)
    replied_by = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    lead_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_as = models.CharField(max_length=12, choices=QuestionClose, blank=True)
    closed_by = models.CharField(max_length=128, blank=True)
    unknown_by = models.CharField(max_length=128, blank=True)  # who said that nobody here knows the answer
    escalated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "msgid"], name="contacts_question_once")]
        indexes = [
            models.Index(fields=["tenant", "-asked_at"], name="contacts_question_recent"),
            models.Index(fields=["tenant", "customer"], name="contacts_question_of"),
            models.Index(fields=["tenant", "group", "asked_at"], name="contacts_question_group"),
            models.Index(
                fields=["tenant", "asked_at"],
                name="contacts_question_open",
                condition=models.Q(resolved_at__isnull=True, closed_at__isnull=True),
            ),
            models.Index(
                fields=["tenant", "lead_at"],
                name="contacts_question_lead",
                condition=models.Q(
                    replied_at__isnull=True, closed_at__isnull=True, escalated_at__isnull=True, is_live=True
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.msgid

    @property
    def waits(self) -> bool:
        """Whether nobody answered and nobody said that it needs no answer."""
        return self.replied_at is None and self.closed_at is None
