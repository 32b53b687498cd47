"""One event costs the same in any company; two workers on one group lose nobody."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Customer
from groups.handlers import on_external_chat
from groups.models import Group, Member
from groups.policies import wire
from groups.policies.wire import change_of
from groups.services import reading
from groups.services.membership import Heard, membership_hear
from groups.services.membership_read import membership_apply_read
from tenants import clock
from tenants.scoping import tenant_scope
from tests.groups.world import deliver, present, statements

pytestmark = [pytest.mark.integration]

# Statements for one event, whatever the size of the group.
LEAVE_QUERIES = 9
RETURN_QUERIES = 10
JOIN_QUERIES = 12
READ_QUERIES = 13

# Many rows like one row: whatever columns the table has, now and later.
_LIKE = """
insert into {table} select r.* from {table} base, generate_series(1, %s) n,
  lateral jsonb_populate_record(base, jsonb_build_object('id', nextval('{table}_id_seq'), {changes})) r
where base.tenant_id = %s and base.id = %s
"""
_SEATS = """
insert into groups_member select r.* from groups_member base, groups_group g join contacts_customer c
    on c.tenant_id = g.tenant_id and c.id %% %s = g.id %% %s,
  lateral jsonb_populate_record(base, jsonb_build_object('id', nextval('groups_member_id_seq'), 'group_id', g.id,
    'userid', c.external_userid, 'customer_id', c.id)) r
where base.id = %s and g.tenant_id = %s and g.chat_id like 'wrMany%%' and c.external_userid like 'wmMany%%'
"""


def fill(app, *, groups):
    """A company with this many groups of some twenty members each, put in by SQL."""
    common = {"tenant_id": app.tenant_id}
    group = Group.objects.create(
        **common, app=app, chat_id="wr0", name="群", state="active", member_version="v"
    )
    person = Customer.objects.create(**common, app=app, external_userid="wm0")
    seat = Member.objects.create(**common, group=group, userid="wm0", customer=person, joined_at=clock.now())
    with connection.cursor() as cursor:
        for row, column, key, count in (
            (group, "chat_id", "wrMany", groups),
            (person, "external_userid", "wmMany", groups * 2),
        ):
            sql = _LIKE.format(table=row._meta.db_table, changes=f"'{column}', '{key}' || n")
            cursor.execute(sql, [count, app.tenant_id, row.pk])
        cursor.execute(_SEATS, [groups // 10, groups // 10, seat.pk, app.tenant_id])
        cursor.execute("select count(*) from groups_member")
        assert cursor.fetchone()[0] >= groups * 20


def counted(event, asked, vendor):
    vendor.calls.clear()
    with CaptureQueriesContext(connection) as queries:
        on_external_chat(event)
    assert vendor.calls == asked
    return statements(queries)


@pytest.mark.django_db
@pytest.mark.parametrize(("groups", "size"), [(10, 5), (1000, 5), (10, 400), (1000, 400)])
def test_an_event_costs_the_same_whatever_the_company_and_the_delta(vendor, frozen, groups, size):
    fill(vendor.app, groups=groups)
    vendor.corp.group_cap = 600
    people = vendor.add_customers(450)
    chat_id = vendor.group(at=frozen.moment, members=people)
    for event in vendor.take_events():
        on_external_chat(event)
    frozen.move(hours=1)
    vendor.leave(chat_id, people[:size], frozen.moment)
    (left,) = vendor.take_events()
    assert len(counted(left, [], vendor)) == LEAVE_QUERIES
    frozen.move(hours=1)
    vendor.join(chat_id, people[:size], frozen.moment)
    (joined,) = vendor.take_events()
    assert len(counted(joined, [], vendor)) == RETURN_QUERIES
    frozen.move(hours=1)
    vendor.corp.faults.legacy_payload = True
    vendor.leave(chat_id, people[:size], frozen.moment)
    (legacy,) = vendor.take_events()
    assert len(counted(legacy, ["groupchat_get"], vendor)) == READ_QUERIES
    assert present(chat_id) == vendor.present(chat_id)


@pytest.mark.django_db
@pytest.mark.parametrize("size", [10, 200])
def test_a_delta_costs_the_same_in_any_group(vendor, frozen, size):
    people = vendor.add_customers(size)
    chat_id = vendor.group(at=frozen.moment, members=people)
    deliver(vendor.take_events())
    vendor.calls.clear()
    frozen.move(hours=1)
    vendor.leave(chat_id, people[:5], frozen.moment)
    (event,) = vendor.take_events()
    with CaptureQueriesContext(connection) as queries:
        on_external_chat(event)
    assert vendor.calls == []
    assert len(statements(queries)) == LEAVE_QUERIES, "\n".join(statements(queries))


@pytest.mark.django_db
@pytest.mark.parametrize("size", [10, 200])
def test_a_full_read_costs_the_same_in_any_group(vendor, frozen, size):
    people = vendor.add_customers(size)
    chat_id = vendor.group(at=frozen.moment, members=people)
    deliver(vendor.take_events())
    frozen.move(hours=1)
    vendor.corp.faults.legacy_payload = True
    vendor.leave(chat_id, people[:5], frozen.moment)
    (event,) = vendor.take_events()
    with CaptureQueriesContext(connection) as queries:
        on_external_chat(event)
    assert len(statements(queries)) == READ_QUERIES, "\n".join(statements(queries))


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 40])
def test_known_persons_who_were_never_in_the_group_cost_the_same_however_many(vendor, camp, frozen, size):
    people = vendor.add_customers(size)
    vendor.group(at=frozen.moment, members=people)
    deliver(vendor.take_events())
    vendor.join(camp, people, frozen.moment)
    (joined,) = vendor.take_events()
    assert len(counted(joined, [], vendor)) == JOIN_QUERIES


# --- two workers at once, each on its own connection


def at_once(tenant, *works):
    """Run the works in threads with real connections; returns what each answered."""
    answers = [None] * len(works)
    begin = threading.Barrier(len(works))

    def run(index, work):
        try:
            with tenant_scope(tenant):
                begin.wait(60)
                answers[index] = work()
        except Exception as error:
            answers[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


@pytest.fixture
def camp(vendor, frozen):
    people = vendor.add_customers(6)
    chat_id = vendor.group(at=frozen.moment, members=people)
    for event in vendor.take_events():
        on_external_chat(event)
    vendor.leave(chat_id, people[3:], frozen.moment + timedelta(seconds=30))
    frozen.move(minutes=1)
    for event in vendor.take_events():
        on_external_chat(event)
    frozen.move(minutes=1)
    return chat_id


def change(event):
    return change_of(change_type=event.change_type, fields=event.fields, occurred_at=event.occurred_at)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_a_read_that_began_before_a_join_never_takes_the_member_away(scoped, vendor, camp, frozen, round_):
    where = {"tenant_id": scoped.pk, "app_id": vendor.app.pk}
    stale = wire.group_of(vendor.call("groupchat_get", chat_id=camp))
    base = Group.objects.get(chat_id=camp).revision
    read_at = frozen.moment
    frozen.move(seconds=5)
    vendor.join(camp, ["wm000003"], frozen.moment)
    (joined,) = vendor.take_events()
    delta, read = at_once(
        scoped,
        lambda: membership_hear(**where, changes=[change(joined)]),
        lambda: membership_apply_read(**where, seen=stale, read_at=read_at, base_revision=base),
    )
    assert delta in ([Heard.NEXT], [Heard.UNFIT])
    if read is None:
        assert delta == [Heard.NEXT]  # the read came second and is fetched again
    else:
        assert membership_hear(**where, changes=[change(joined)]) in ([Heard.NEXT], [Heard.KNOWN])
    assert present(camp) == vendor.present(camp)


@pytest.mark.django_db(transaction=True)
def test_deltas_reads_and_repeats_of_one_group_at_once_lose_nobody(scoped, vendor, camp, frozen):
    events = []
    for number in range(3, 6):
        frozen.move(seconds=20)
        vendor.join(camp, [f"wm00000{number}"], frozen.moment)
        events += vendor.take_events()
    frozen.move(seconds=20)
    where = {"tenant_id": scoped.pk, "app_id": vendor.app.pk, "chat_id": camp}
    answers = at_once(
        scoped,
        *[lambda event=event: on_external_chat(event) for event in events * 2],
        lambda: reading.group_sync_full(**where),
        lambda: reading.group_sync_full(**where),
    )
    for event in events:  # what WeCom's busy group put off is processed again by the inbox
        on_external_chat(event)
    assert [one for one in answers if isinstance(one, Exception) and "keeps changing" not in str(one)] == []
    assert present(camp) == vendor.present(camp)
    assert Member.objects.filter(left_at=None).count() == len(vendor.present(camp))


@pytest.mark.django_db(transaction=True)
def test_a_new_group_seen_by_two_workers_is_one_group(scoped, vendor, frozen):
    chat_id = vendor.group(at=frozen.moment, members=vendor.add_customers(20))
    vendor.take_events()
    where = {"tenant_id": scoped.pk, "app_id": vendor.app.pk, "chat_id": chat_id}
    answers = at_once(scoped, *[lambda: reading.group_sync_full(**where)] * 4)
    assert [one for one in answers if isinstance(one, Exception) and "keeps changing" not in str(one)] == []
    assert Group.objects.filter(chat_id=chat_id).count() == 1
    assert present(chat_id) == vendor.present(chat_id)
    assert Customer.objects.count() == 20
