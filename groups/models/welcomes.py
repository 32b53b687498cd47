"""Words kept at WeCom for whoever enters a group."""

from django.db import models

from wecom.keeping.kept import Kept


class WelcomeTemplate(Kept):
    """Words for whoever enters a group, kept at WeCom; a group's owner attaches it by hand (R115).

    `part` is the one thing beside the words, as wecom.greetings says it; {} without.
    """

    name = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    part = models.JSONField(default=dict, blank=True)
    notify = models.BooleanField(default=True)  # WeCom tells the owners that there is a new one

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        """Written here, and WeCom was never asked to keep it."""
        return not self.vendor_id and self.attempt == 0
