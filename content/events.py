"""What content tells the other apps."""

from dataclasses import dataclass

from outbox.contracts import DomainEvent


@dataclass(frozen=True, kw_only=True)
class WordsChanged(DomainEvent):
    """The company's list of sensitive words is another one: what was written before may not be said any more."""

    name = "content.words.changed"
