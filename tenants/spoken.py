"""Columns that are said in the reader's language."""

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from tenants import words


class _Spoken(DeferredAttribute):
    """Reading gives the words in the language at work, by the row's `facts`; the column itself where these lack it."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        held = super().__get__(instance, cls)
        if instance is None:
            return held
        facts = instance.facts  # type: ignore[attr-defined]
        if self.field.name not in facts:
            return held
        return words.told(facts[self.field.name], held)[: self.field.max_length]

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _Kept:
    """Saved is what the column held, whoever reads it meanwhile."""

    descriptor_class: Any = _Spoken

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return model_instance.__dict__[self.attname]  # type: ignore[attr-defined]

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, f"django.db.models.{self.get_internal_type()}", args, kwargs  # type: ignore[attr-defined]


class SpokenChar(_Kept, models.CharField):
    """A short text of a model with `facts`, a JSON of {column: its words, as tenants.words.stored gives them}."""


class SpokenText(_Kept, models.TextField):
    """The same for a long one."""


def spoken(row: Any, name: str) -> words.Words:
    """The words of one such column, to be part of others."""
    return words.read(row.facts[name]) if name in row.facts else row.__dict__[name]
