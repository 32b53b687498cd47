"""The forms of Live codes: a group code, a code for new friends with its welcome, a channel."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.form_html import OptionList
from console.keys import key_of
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from console.tables import NOTHING
from contacts.enums import ChannelKind, WelcomeMode
from contacts.selectors.channels import channel_get, channel_list, way_get
from contacts.services import ways
from contacts.services.channels import channel_save, channel_set_archived
from groups.enums import CODE_SEATS, Side
from groups.forms.codes import ChannelForm, JoinWayForm, WayForm, WayWelcomeForm
from groups.policies.sides import brings_newcomers
from groups.selectors import groups_by_id, groups_open
from groups.selectors.codes import groups_to_serve, join_way_get, rooms_of
from groups.selectors.sides import group_side, landing_groups
from groups.services import codes
from groups.services.codes import Wish
from groups.views.codes import WayPage
from team.selectors import staff_list
from tenants import preferences
from tenants.enums import Permission
from wecom.keeping.kept_rules import GROUPS_PER_CODE, REMARK_CHARS, WELCOME_PARTS
from wecom.views.welcome import (
    PART_ICONS,
    PART_LABELS,
    PartPage,
    PartRemove,
    part_rows,
    preview,
    sample_names,
    variable_names,
)

CHOICES = 5000
_LABELLED = (
    "name", "planned_name", "chat_id", "synced_at", "customer_count", "staff_count", "kind", "scenario", "own_side",
)  # fmt: skip


def _seat_choices(groups: Iterable[Any]) -> list[tuple[int, str]]:
    """Groups as the form offers them: name, who sits in them, whom they are for where that is known; groups of old
    customers last."""
    words = {value: f" · {label}" for value, label in Side.choices}
    rows = [(group_side(one), one) for one in groups]
    rows.sort(key=lambda row: row[0] == Side.OLD)
    return [(one.pk, f"{one} · {_seats(one)}{words.get(side, '')}") for side, one in rows]


def _seats(group: Any) -> int | str:
    return group.customer_count + group.staff_count if group.knows_members else NOTHING


class _CodeForm(FormPage):
    """What the two forms share: the channel, chosen or new."""

    permission = write_permission = Permission.OPERATE

    def channels(self) -> list[tuple[int, str]]:
        return [(one.pk, one.name) for one in channel_list(tenant_id=self.request.tenant.pk)[:CHOICES]]

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        asked = key_of(self.request.GET.get("channel", ""))
        return {} if asked is None else {"channel": asked}

    def channel_id(self, form: Any) -> int:
        """The channel of a new code, made now when it is new."""
        name = form.cleaned_data["new_channel"].strip()
        if not name:
            return form.cleaned_data["channel"]
        return channel_save(
            tenant=self.request.tenant,
            actor=self.request.actor,
            name=name,
            kind=form.cleaned_data["new_kind"] or ChannelKind.OTHER,
        ).pk


class JoinWayNew(_CodeForm):
    """A new group code."""

    template_name = "groups/code_form.html"
    form_class = JoinWayForm
    title = gettext_lazy("New group code")
    purpose = gettext_lazy("One picture, up to five groups: people land in the first that has seats.")
    submit_label = gettext_lazy("Make the code")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        found = groups_open(tenant_id=tenant_id).select_related(None).only(*_LABELLED)[:CHOICES]
        groups = OptionList([("", "–"), *_seat_choices(found)])
        seats = preferences.value(tenant_id, CODE_SEATS)
        return {"channels": self.channels(), "is_new": "pk" not in kwargs, "groups": groups, "seats": seats}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        asked = key_of(self.request.GET.get("group", ""))
        given = super().initial()
        group = (
            groups_by_id(tenant_id=self.request.tenant.pk, group_ids=[asked]).get(asked) if asked else None
        )
        first = (
            {"name": str(group)[:REMARK_CHARS], "group_1": group.pk}
            if group
            else self._landing(given.get("channel"))
        )
        return {**given, **first}

    def _landing(self, channel_id: int | None) -> dict[str, Any]:
        """New-customer groups with seats, for a channel that brings newcomers."""
        channel = channel_list(tenant_id=self.request.tenant.pk).filter(pk=channel_id or 0).first()
        if channel is None or not brings_newcomers(channel.kind):
            return {}
        rows = landing_groups(tenant_id=self.request.tenant.pk)[:GROUPS_PER_CODE]
        return {f"group_{number}": one.pk for number, one in enumerate(rows, start=1)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"back_url": self.url("groups:codes")}

    @staticmethod
    def wish(form: JoinWayForm) -> Wish:
        given = form.cleaned_data
        return Wish(
            name=given["name"],
            rooms=form.rooms(),
            auto_create_room=given["auto_create_room"],
            room_base_name=given["room_base_name"],
            room_base_id=given["room_base_id"] or 1,
            mix_reason=given["mix_reason"],
        )

    def done(self, form: JoinWayForm, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():  # a code that is refused leaves no channel behind
            row = codes.join_way_create(
                tenant=self.request.tenant, channel_id=self.channel_id(form), wish=self.wish(form),
                actor=self.request.actor,
            )  # fmt: skip
        toast(self.request, _("WeCom is making the code."))
        return go(self.request, self.url("groups:code", pk=row.pk))


class JoinWayEdit(JoinWayNew):
    """Change what a group code leads to; its picture stays."""

    title = gettext_lazy("Change the group code")
    purpose = gettext_lazy("The picture stays the same: what is printed goes on working.")
    submit_label = gettext_lazy("Save")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, pk = self.request.tenant.pk, kwargs["pk"]
        way = join_way_get(tenant_id=tenant_id, way_id=pk)
        found: dict[str, Any] = {
            "name": way.name,
            "auto_create_room": way.auto_create_room,
            "room_base_name": way.room_base_name,
            "room_base_id": way.room_base_id,
            "mix_reason": way.mix_reason,
        }
        rows = [one for one in rooms_of(tenant_id=tenant_id, way_ids=[pk])[pk] if one.group_id]
        for number, row in enumerate(rows[:5], start=1):
            found |= {f"group_{number}": row.group_id, f"seats_{number}": row.seats}
        return found

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"back_url": self.url("groups:code", pk=kwargs["pk"])}

    def done(self, form: JoinWayForm, **kwargs: Any) -> HttpResponse:
        codes.join_way_change(
            tenant=self.request.tenant, way_id=kwargs["pk"], wish=self.wish(form), actor=self.request.actor
        )
        toast(self.request, _("WeCom is being told."))
        return go(self.request, self.url("groups:code", pk=kwargs["pk"]))


class WayNew(_CodeForm):
    """A new code for new friends."""

    template_name = "groups/way_form.html"
    form_class = WayForm
    title = gettext_lazy("New code for friends")
    purpose = gettext_lazy("Whoever scans it becomes a friend of one of the members behind it.")
    submit_label = gettext_lazy("Make the code")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        rows = staff_list(tenant_id=self.request.tenant.pk, active_only=True).filter(can_contact=True)[
            :CHOICES
        ]
        return {
            "channels": self.channels(),
            "is_new": "pk" not in kwargs,
            "staff": [(one.pk, str(one)) for one in rows],
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"back_url": self.url("groups:ways")}

    def done(self, form: WayForm, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            row = ways.way_create(
                tenant=self.request.tenant, channel_id=self.channel_id(form), name=form.cleaned_data["name"],
                staff_ids=form.cleaned_data["staff"], skip_verify=form.cleaned_data["skip_verify"],
                actor=self.request.actor,
            )  # fmt: skip
        toast(self.request, _("WeCom is making the code."))
        return go(self.request, self.url("groups:way", pk=row.pk))


class WayEdit(WayNew):
    """Change who stands behind a code; its picture stays."""

    title = gettext_lazy("Change the code")
    purpose = gettext_lazy("The picture stays the same: what is printed goes on working.")
    submit_label = gettext_lazy("Save")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        way = way_get(tenant_id=self.request.tenant.pk, way_id=kwargs["pk"])
        return {"name": way.name, "staff": way.staff_ids, "skip_verify": way.skip_verify}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"back_url": self.url("groups:way", pk=kwargs["pk"])}

    def done(self, form: WayForm, **kwargs: Any) -> HttpResponse:
        ways.way_change(
            tenant=self.request.tenant, way_id=kwargs["pk"], name=form.cleaned_data["name"],
            staff_ids=form.cleaned_data["staff"], skip_verify=form.cleaned_data["skip_verify"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("WeCom is being told."))
        return go(self.request, self.url("groups:way", pk=kwargs["pk"]))


class WayDetail(WayPage):
    """One code for new friends, with its own welcome to read and to change."""

    def welcome(self, way: Any) -> dict[str, Any]:
        rows = part_rows(tenant_id=self.request.tenant.pk, parts=way.welcome_parts)
        return {
            "form": WayWelcomeForm(initial={"mode": way.welcome_mode, "text": way.welcome_text}),
            "is_own": way.welcome_mode == WelcomeMode.OWN,
            "rows": [
                {**row, "remove_url": self.url("groups:way_part_remove", pk=way.pk, number=row["number"])}
                for row in rows
            ],
            "may_add": len(rows) < WELCOME_PARTS,
            "kinds": [(key, label, PART_ICONS[key]) for key, label in PART_LABELS.items()],
            "variables": variable_names(),
            "parts": preview(self, way.welcome_text, way.welcome_parts),
            "sender": sample_names()["staff"],
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        way_get(tenant_id=self.request.tenant.pk, way_id=pk)
        form = WayWelcomeForm(request.POST)
        if form.is_valid():
            ways.way_set_welcome(
                tenant=self.request.tenant, way_id=pk, actor=self.request.actor, **form.cleaned_data
            )
            toast(request, _("The welcome of this code is saved."))
        return go(request, self.url("groups:way", pk=pk))


class _OfWay(ConsoleView):
    def parts(self, **kwargs: Any) -> list[dict[str, Any]]:
        return list(way_get(tenant_id=self.request.tenant.pk, way_id=kwargs["pk"]).welcome_parts)

    def save(self, parts: list[dict[str, Any]], **kwargs: Any) -> None:
        way = way_get(tenant_id=self.request.tenant.pk, way_id=kwargs["pk"])
        ways.way_set_welcome(
            tenant=self.request.tenant, way_id=way.pk, mode=WelcomeMode.OWN, text=way.welcome_text, parts=parts,
            actor=self.request.actor,
        )  # fmt: skip


class WayPart(_OfWay, PartPage):
    """Add to a code's own welcome."""


class WayPartRemove(_OfWay, PartRemove):
    """Take off a code's own welcome."""


class ChannelEdit(FormPage):
    """A drawer: one channel."""

    permission = write_permission = Permission.OPERATE
    template_name = "groups/channel.html"
    form_class = ChannelForm

    def _channel(self, **kwargs: Any) -> Any:
        return (
            channel_get(tenant_id=self.request.tenant.pk, channel_id=kwargs["pk"]) if "pk" in kwargs else None
        )

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self._channel(**kwargs)
        if row is None:
            return {}
        names = (
            "name", "kind", "place", "means", "partner", "partner_fit", "code", "persona", "target",
            "group_id", "goal", "starts_on", "ends_on", "note",
        )  # fmt: skip
        cost = None if row.cost_fen is None else row.cost_fen / 100
        return {**{name: getattr(row, name) for name in names}, "cost_yuan": cost}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        row = self._channel(**kwargs)
        found = groups_to_serve(tenant_id=self.request.tenant.pk, also=row.group_id if row else None)
        return {"groups": [(one.pk, str(one)) for one in found[:CHOICES]]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"channel": self._channel(**kwargs), "here": self.request.path}

    def done(self, form: ChannelForm, **kwargs: Any) -> HttpResponse:
        channel_save(
            tenant=self.request.tenant, actor=self.request.actor, channel_id=kwargs.get("pk"),
            **form.fields_of_channel(),
        )  # fmt: skip
        return drawer_done(self.request)


class ChannelArchive(ConsoleView):
    """Put a channel away, or back."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = channel_get(tenant_id=self.request.tenant.pk, channel_id=pk)
        row = channel_set_archived(
            tenant=self.request.tenant,
            channel_id=pk,
            is_archived=not row.is_archived,
            actor=self.request.actor,
        )
        said = _("%(name)s is put away") if row.is_archived else _("%(name)s is in use again")
        toast(request, said % {"name": row.name}, self.url("groups:channel_archive", pk=pk))
        return drawer_done(request)
