"""Groups, Live codes: group codes, codes for new friends, channels, and who came by them."""

from collections import Counter
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.keys import key_of
from console.listing import ListPage
from console.pages import ConsoleView, go, toast
from contacts.selectors.channels import (
    adds_by_state,
    channel_get,
    channel_list,
    channel_people,
    follows_by_code,
    way_get,
    way_list,
)
from contacts.services import ways
from groups.policies.codes import next_room_name
from groups.selectors.codes import (
    channel_aims,
    channel_members,
    fillings,
    join_way_get,
    join_way_list,
    joins_by_state,
    members_by_channel,
    members_by_code,
    rooms_of,
)
from groups.services import codes
from groups.tables.codes import (
    ChannelTable,
    CodeFriendTable,
    CodeMemberTable,
    JoinWayTable,
    WayTable,
    basis_words,
    full_words,
)
from groups.views.code_bases import CodeList, CodePage
from team.selectors import staff_names
from tenants import clock
from tenants.enums import Permission


class JoinWayListPage(CodeList):
    """Codes into groups."""

    table_class = JoinWayTable
    key = "groups.codes"
    here = "codes"

    def queryset(self) -> QuerySet:
        return join_way_list(tenant_id=self.request.tenant.pk, ended=bool(self.request.GET.get("ended")))

    def facts(self, rows: list[Any]) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        return {
            "fillings": fillings(tenant_id=tenant_id, ways=rows),
            "joins": joins_by_state(tenant_id=tenant_id, states=[row.state for row in rows]),
        }


class WayListPage(CodeList):
    """Codes for new friends."""

    table_class = WayTable
    key = "groups.ways"
    here = "ways"

    def queryset(self) -> QuerySet:
        return way_list(tenant_id=self.request.tenant.pk, ended=bool(self.request.GET.get("ended")))

    def facts(self, rows: list[Any]) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        return {
            "adds": adds_by_state(tenant_id=tenant_id, states=[row.state for row in rows]),
            "staff": staff_names(
                tenant_id=tenant_id, staff_ids={one for row in rows for one in row.staff_ids}
            ),
        }


class ChannelListPage(CodeList):
    """Where people come from, what that costs, whom it brings."""

    table_class = ChannelTable
    key = "groups.channels"
    here = "channels"

    def queryset(self) -> QuerySet:
        return channel_list(tenant_id=self.request.tenant.pk, archived=bool(self.request.GET.get("ended")))

    def facts(self, rows: list[Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "tenant_id": self.request.tenant.pk, "channel_ids": [row.pk for row in rows],
        }  # fmt: skip
        aims = channel_aims(tenant_id=self.request.tenant.pk, channels=rows)
        return {"friends": channel_people(**shown), "members": channel_members(**shown), "aims": aims}


class JoinWayPage(CodePage):
    """One group code."""

    template_name = "groups/code.html"

    def context(self, pk: int = 0, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        way = join_way_get(tenant_id=tenant_id, way_id=pk)
        filling = fillings(tenant_id=tenant_id, ways=[way])[pk]
        url = self.url("groups:code_people", pk=pk)
        rows = members_by_code(tenant_id=tenant_id, states=[way.state])
        by_group = Counter(rows.order_by().values_list("group_id", flat=True))
        recent = rows.filter(joined_at__gte=self.since()).values_list("joined_at", flat=True)
        days = self.days(recent, url)
        return {
            "way": way,
            "filling": filling,
            "rooms": [
                {
                    "row": row,
                    "members": row.group.customer_count + row.group.staff_count if row.group else None,
                    "came": by_group.get(row.group_id or 0, 0),
                    "url": f"{url}?group={row.group_id}",
                    "is_now": filling.now is not None and row.pk == filling.now.pk,
                }
                for row in filling.rows
            ],
            "earlier": rooms_of(tenant_id=tenant_id, way_ids=[pk], removed=True)[pk],
            "people": joins_by_state(tenant_id=tenant_id, states=[way.state]).get(way.state, (0, 0)),
            "people_url": url,
            "days": days,
            "day_most": max((one.people for one in days), default=0),
            "full": full_words(filling.seen),
            "basis": basis_words(filling.seen),
            "next_name": next_room_name(way.room_base_name, way.room_base_id),
            **self.stands(way),
        }


class WayPage(CodePage):
    """One code for new friends."""

    template_name = "groups/way.html"

    def context(self, pk: int = 0, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        way = way_get(tenant_id=tenant_id, way_id=pk)
        url = self.url("groups:way_people", pk=pk)
        rows = follows_by_code(tenant_id=tenant_id, states=[way.state])
        by_staff = Counter(rows.order_by().values_list("staff_id", flat=True))
        names = staff_names(tenant_id=tenant_id, staff_ids={*way.staff_ids, *by_staff})
        recent = rows.filter(followed_at__gte=self.since()).values_list("followed_at", flat=True)
        days = self.days(recent, url)
        return {
            "way": way,
            "staff": [
                {
                    "name": names.get(one, "–"),
                    "came": by_staff.get(one, 0),
                    "url": f"{url}?staff={one}",
                    "is_behind": one in way.staff_ids,
                }
                for one in [*way.staff_ids, *(one for one in by_staff if one not in way.staff_ids)]
            ],
            "people": adds_by_state(tenant_id=tenant_id, states=[way.state]).get(way.state, (0, 0)),
            "people_url": url,
            "days": days,
            "day_most": max((one.people for one in days), default=0),
            **self.stands(way),
            **self.welcome(way),
        }

    def welcome(self, way: Any) -> dict[str, Any]:
        return {}


class _People(ListPage):
    """Whom a figure counts; `?day=`, `?group=` and `?staff=` narrow it as the figure was."""

    write_permission = Permission.OPERATE
    has_views = False
    title = gettext_lazy("Who came by the code")

    def number(self, name: str) -> int | None:
        return key_of(self.request.GET.get(name, ""))

    def span(self) -> dict[str, Any]:
        try:
            day = date.fromisoformat(self.request.GET.get("day", ""))
        except ValueError:
            return {}
        since, until = clock.day_bounds(day, self.request.tenant.timezone)
        return {"since": since, "until": until}

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "facts": lambda rows: {}}


class JoinWayPeople(_People):
    """Who entered a group by a code."""

    table_class = CodeMemberTable
    key = "groups.code_people"

    def queryset(self) -> QuerySet:
        tenant_id = self.request.tenant.pk
        way = join_way_get(tenant_id=tenant_id, way_id=self.kwargs["pk"])
        return members_by_code(
            tenant_id=tenant_id, states=[way.state], group_id=self.number("group"), **self.span()
        )


class WayPeople(_People):
    """Who became a friend by a code."""

    table_class = CodeFriendTable
    key = "groups.way_people"

    def queryset(self) -> QuerySet:
        tenant_id = self.request.tenant.pk
        way = way_get(tenant_id=tenant_id, way_id=self.kwargs["pk"])
        return follows_by_code(
            tenant_id=tenant_id, states=[way.state], staff_id=self.number("staff"), **self.span()
        )


class ChannelPeople(_People):
    """Who entered a group by a channel."""

    table_class = CodeMemberTable
    key = "groups.channel_people"
    title = gettext_lazy("Who came by the channel")

    def queryset(self) -> QuerySet:
        tenant_id = self.request.tenant.pk
        channel = channel_get(tenant_id=tenant_id, channel_id=self.kwargs["pk"])
        return members_by_channel(tenant_id=tenant_id, channel_id=channel.pk, group_id=self.number("group"))


class _Act(ConsoleView):
    """Read again, try again, remove."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]


class JoinWayAct(_Act):
    """What can be done with a group code."""

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        who: dict[str, Any] = {"tenant": self.request.tenant, "way_id": pk, "actor": self.request.actor}
        if verb == "end":
            codes.join_way_end(**who)
            toast(request, _("The code is being removed at WeCom."))
        elif verb == "retry":
            codes.join_way_retry(**who)
            toast(request, _("WeCom is asked again."))
        elif verb == "read":
            join_way_get(tenant_id=self.request.tenant.pk, way_id=pk)
            codes.join_way_read_soon(tenant_id=self.request.tenant.pk, way_id=pk)
            toast(request, _("WeCom is asked what the code leads to."))
        else:
            raise Http404
        return go(request, self.url("groups:code", pk=pk))


class WayAct(_Act):
    """What can be done with a code for new friends."""

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        who: dict[str, Any] = {"tenant": self.request.tenant, "way_id": pk, "actor": self.request.actor}
        if verb == "end":
            ways.way_end(**who)
            toast(request, _("The code is being removed at WeCom."))
        elif verb == "retry":
            ways.way_retry(**who)
            toast(request, _("WeCom is asked again."))
        else:
            raise Http404
        return go(request, self.url("groups:way", pk=pk))
