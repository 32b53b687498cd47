"""The pages of Live codes ask the database as often for many codes and people as for few."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.pages import tenant_url
from contacts.services.channels import channel_save
from contacts.services.ways import way_create
from groups.services.codes import Wish, join_way_create
from tenants.models import User
from tenants.scoping import tenant_scope

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

LISTS = ("codes", "ways", "channels")


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def add(world, owner, name):
    """A channel with a code into all groups and a code for friends, each with somebody who came by it."""
    with tenant_scope(world.tenant):
        channel = channel_save(tenant=world.tenant, actor=owner, name=name, kind="offline")
        wish = Wish(name=name, rooms=[(one.pk, 200) for one in world.groups], auto_create_room=False)
        code = join_way_create(tenant=world.tenant, channel_id=channel.pk, wish=wish, actor=owner)
        way = way_create(
            tenant=world.tenant, channel_id=channel.pk, name=name, staff_ids=[one.pk for one in world.staff],
            skip_verify=True, actor=owner,
        )  # fmt: skip
    world.settle()
    return code, way


def scan(world, code, way, people):
    with tenant_scope(world.tenant):
        code.refresh_from_db()
        way.refresh_from_db()
    for who in people:
        world.act("customer/scan-join-way", config_id=code.vendor_id, external_userid=who)
        world.act("customer/scan-contact-way", config_id=way.vendor_id, external_userid=who)
    world.settle()


def asked(web, world, name, **kwargs):
    """How many queries one page takes when nothing is remembered: what is, ends by the clock, at any moment."""
    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        answer = web.get(tenant_url(world.tenant, f"groups:{name}", **kwargs))
    assert answer.status_code == 200
    return len(seen)


def counts(web, world, code, way):
    """Queries of each page, seen for the second time: the first may have to write something down."""
    pages = [(name, {}) for name in LISTS]
    pages += [("code", {"pk": code.pk}), ("way", {"pk": way.pk})]
    pages += [("code_people", {"pk": code.pk}), ("way_people", {"pk": way.pk})]
    for name, kwargs in pages:
        asked(web, world, name, **kwargs)
    return {name: asked(web, world, name, **kwargs) for name, kwargs in pages}


def test_more_codes_and_more_people_cost_no_more_queries(world, owner, web):
    one, two, three, four = world.strangers(4)
    code, way = add(world, owner, "第一个")
    scan(world, code, way, [one])
    few = counts(web, world, code, way)

    scan(world, code, way, [two, three])
    for number in range(2):
        scan(world, *add(world, owner, f"另一个{number}"), [four])

    assert counts(web, world, code, way) == few
