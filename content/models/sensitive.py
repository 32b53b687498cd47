"""The company's own sensitive words."""

from django.db import models

from content.enums import WordDoes
from tenants import clock
from tenants.scoping import TenantModel


class SensitiveWord(TenantModel):
    """A word of the company, or its say on a word of the platform's list. `key`: what it is compared by."""

    word = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    does = models.CharField(max_length=8, choices=WordDoes)
    hint = models.CharField(max_length=200, blank=True)  # what to write instead
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="content_word_once")]

    def __str__(self) -> str:
        return self.word
