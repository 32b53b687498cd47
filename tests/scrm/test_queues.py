"""One worker for every queue, as in the demo: a welcome does not stand behind other work."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from kombu import Connection, Consumer, Producer, Queue

pytestmark = pytest.mark.integration

NAMES = ("default", "welcome", "derive")


@pytest.fixture
def broker() -> Iterator[Connection]:
    """The test run's own broker, with these queues empty before and after."""
    with current_app.connection_for_write() as made:
        channel = made.default_channel
        for name in NAMES:
            channel.queue_purge(name)
        yield made
        for name in NAMES:
            channel.queue_purge(name)


def put(broker: Connection, name: str, text: str) -> None:
    Producer(broker).publish([text], exchange="", routing_key=name, declare=[Queue(name)])


def test_a_welcome_is_taken_before_what_waited_longer_and_the_others_in_turn(broker: Connection) -> None:
    for number in range(3):
        put(broker, "default", f"default {number}")
        put(broker, "derive", f"derive {number}")
    put(broker, "welcome", "welcome 0")
    taken: list[str] = []

    def take(body: list[str], message: Any) -> None:
        taken.extend(body)
        message.ack()
        if len(taken) == 3:
            put(broker, "welcome", "welcome 1")

    consumer = Consumer(broker.channel(), [Queue(name) for name in NAMES], callbacks=[take], accept=["json"])
    consumer.qos(prefetch_count=1)
    with consumer:
        while len(taken) < 8:
            broker.drain_events(timeout=20)

    assert taken[0] == "welcome 0"
    assert "welcome 1" in taken[3:5]
    assert {one.split()[0] for one in taken[1:3]} == {"default", "derive"}
