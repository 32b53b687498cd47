"""Several workers tell people at once, and one dies in the act: on real connections."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from team.models import Mailing, Notice, Telling
from team.services import work_item_put
from team.services.mailings import mailings_make, mailings_send, mailings_settle
from team.services.notices import messages_hand, notify, work_tell
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.parallel import in_parallel
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def loud(tenant: Tenant) -> Tenant:
    """A company without quiet hours: these tests run on the machine's own clock."""
    with tenant_scope(tenant):
        for key in ("notices.quiet_from", "notices.quiet_until"):
            Preference.objects.create(tenant=tenant, key=key, value="00:00")
    return tenant


def test_many_that_tell_the_same_at_once_tell_it_once(loud: Tenant) -> None:
    with tenant_scope(loud):
        staff = make_staff(tenant=loud, membership=make_member(tenant=loud))

    def work(_number: int) -> None:
        with tenant_scope(loud):
            notify(tenant_id=loud.pk, staff_ids=[staff.pk], kind="lead", title="王女士", url="/", key="same")

    in_parallel(6, work)
    with tenant_scope(loud):
        assert Notice.objects.count() == 1
        assert Telling.objects.filter(channel="app").count() == 1


def test_many_workers_make_one_message_of_what_waits(loud: Tenant) -> None:
    with tenant_scope(loud):
        staff = make_staff(tenant=loud)
    with tenant_scope(loud), transaction.atomic():
        for number in range(12):
            work_item_put(
                tenant_id=loud.pk, source_kind="groups.incident", source_id=number, staff_id=staff.pk,
                kind="alert", title=f"事故{number}",
            )  # fmt: skip

    def work(_number: int) -> None:
        with tenant_scope(loud):
            work_tell(tenant_id=loud.pk, most=3)
            work_tell(tenant_id=loud.pk, most=3)

    in_parallel(4, work)
    with tenant_scope(loud):
        work_tell(tenant_id=loud.pk)
        assert Notice.objects.count() == 12

    def hand(_number: int) -> None:
        with tenant_scope(loud):
            messages_hand(tenant_id=loud.pk)

    in_parallel(4, hand)
    with tenant_scope(loud):
        messages_hand(tenant_id=loud.pk)
        assert OutboundSend.objects.count() == 1
        assert set(Telling.objects.values_list("state", flat=True)) == {"handed"}


@pytest.fixture
def due(loud: Tenant, settings: object, tmp_path: Path) -> Callable[[], list[str]]:
    """Four letters that wait to go to a folder; returns what is in it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = str(tmp_path)  # type: ignore[attr-defined]
    with tenant_scope(loud):
        for number in range(4):
            member = make_member(tenant=loud)
            notify(
                tenant_id=loud.pk, member_ids=[member.pk], kind="breaker", title=f"第{number}封", url="/",
                key=f"k{number}",
            )  # fmt: skip
        mailings_make(tenant_id=loud.pk)
        assert Mailing.objects.count() == 4
    return lambda: [one.read_text() for one in sorted(tmp_path.iterdir())]


def test_many_senders_send_each_letter_once(loud: Tenant, due: Callable[[], list[str]]) -> None:
    def work(_number: int) -> None:
        with tenant_scope(loud):
            mailings_send(tenant_id=loud.pk)

    in_parallel(5, work)
    assert "\n".join(due()).count("Message-ID: <notice.") == 4
    with tenant_scope(loud):
        assert set(Mailing.objects.values_list("state", flat=True)) == {"sent"}


KILLED = """
import os, sys
import django
django.setup()
from team.services import mailings
from tenants.scoping import tenant_scope
from django.conf import settings
from django.db import connections
for alias in connections:
    connections[alias].settings_dict["NAME"] = sys.argv[2]
settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
settings.EMAIL_FILE_PATH = sys.argv[3]
sent = mailings._send
def send(row):
    sent(row)
    print("SENT", flush=True)
    sys.stdin.read()
mailings._send = send
with tenant_scope(int(sys.argv[1])):
    mailings.mailings_send(tenant_id=int(sys.argv[1]))
"""


def test_a_sender_killed_between_sending_and_recording_doubles_nothing(
    loud: Tenant, due: Callable[[], list[str]], tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(loud.pk), os.environ["QUNCE_TEST_DATABASE_NAME"], str(tmp_path)],
        cwd=django_settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "SENT"
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    with tenant_scope(loud):
        mailings_send(tenant_id=loud.pk)  # its claim still holds: the three others go
        assert sorted(Mailing.objects.values_list("state", flat=True)) == ["claimed", "sent", "sent", "sent"]
        with connection.cursor() as cursor:
            cursor.execute("update team_mailing set leased_until = clock_timestamp() - interval '1 second' "
                           "where state = 'claimed'")  # fmt: skip
        mailings_send(tenant_id=loud.pk)
        mailings_settle(tenant_id=loud.pk)
        assert sorted(Mailing.objects.values_list("state", flat=True)) == ["sent", "sent", "sent", "unknown"]
        assert Notice.objects.filter(kind="trouble").count() == 1
    assert "\n".join(due()).count("Message-ID: <notice.") == 4
