"""A camp as the figures see it."""

from contextlib import ExitStack
from datetime import date

import pytest

from groups.models import Group, Member
from leads.models import Window
from leads.services import window_members_add
from sop.models import Run, Template, Version
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.leads import make_camp
from tests.factories.team import make_staff
from tests.factories.wecom import make_app


@pytest.fixture
def world(tenant, frozen):
    """A camp of 10 people in two groups (one person in both), a staff member, one late joiner."""
    with ExitStack() as scope:
        scope.enter_context(tenant_scope(tenant))
        app = make_app(tenant=tenant)
        groups = [
            Group.objects.create(tenant=tenant, app=app, chat_id=f"c{n}", name=f"群{n}") for n in range(2)
        ]
        people = make_customers(tenant=tenant, count=11)
        staff = make_staff(tenant=tenant, name="林晓")
        template = Template.objects.create(tenant=tenant, code="camp", name="训练营")
        version = Version.objects.create(tenant=tenant, template=template, number=1, days=30)
        run = Run.objects.create(
            tenant=tenant,
            version=version,
            name="第6期",
            starts_on=date(2026, 3, 2),
            days=30,
            key_interaction="live",
        )
        for number, person in enumerate(people[:10]):
            make_member(tenant, groups[number % 2], person, frozen.moment)
        make_member(tenant, groups[1], people[0], frozen.moment)
        Member.objects.create(
            tenant=tenant,
            group=groups[0],
            userid=staff.userid,
            staff=staff,
            is_staff=True,
            joined_at=frozen.moment,
        )
        make_camp(tenant=tenant, customers=people[:10], source_id=run.pk, group_id=groups[0].pk, name="第6期")
        window = run_window(run, groups)
        frozen.move(days=3)
        make_member(tenant, groups[0], people[10], frozen.moment)
        window_members_add(
            tenant_id=tenant.pk, window_id=window.pk, members=[(people[10].pk, groups[0].pk, frozen.moment)]
        )
        yield {
            "people": people,
            "groups": groups,
            "run": run,
            "version": version,
            "staff": staff,
            "scope": scope,
        }


def make_member(tenant, group, person, at, **fields):
    return Member.objects.create(
        tenant=tenant, group=group, userid=person.external_userid, customer=person, joined_at=at, **fields
    )


def run_window(run, groups):
    window = Window.objects.get(source_id=run.pk)
    window.group_ids = [one.pk for one in groups]
    window.save()
    return window
