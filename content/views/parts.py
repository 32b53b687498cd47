"""What goes along with a material: its rows, its preview, and the drawer that adds one."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, drawer_done
from content.policies.attachments import (
    FILE,
    IMAGE,
    KIND_LABELS,
    LINK,
    MINI_PROGRAM,
    MOST,
    VIDEO,
    Attachment,
    attachments_read,
)
from content.policies.wording import render as fill
from content.selectors.library import edition_open, material_get
from content.services.library import material_set_attachments
from tenants.enums import Permission
from wecom.forms import PartForm
from wecom.keeping import assets

ICONS = {IMAGE: "photo", LINK: "link", MINI_PROGRAM: "app-window", VIDEO: "video", FILE: "file"}
_FORM_KINDS = {MINI_PROGRAM: "miniprogram"}


def rows_of(tenant_id: int, attachments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Attachments as a page lists them. One query where there are any."""
    known = assets.assets_by_id(tenant_id=tenant_id, asset_ids=_asset_ids(attachments)) if attachments else {}
    rows = []
    for number, one in enumerate(attachments):
        asset = known.get(one.get("asset_id") or 0)
        rows.append(
            {
                "number": number, "kind": one["kind"], "label": KIND_LABELS[one["kind"]], "icon": ICONS[one["kind"]],
                "name": one.get("title") or (asset.name if asset else "–"), "asset_id": one.get("asset_id"),
                "detail": one.get("url") or one.get("page") or "", "size_bytes": asset.size_bytes if asset else None,
            }
        )  # fmt: skip
    return rows


def _asset_ids(attachments: list[dict[str, Any]]) -> list[int]:
    return [one["asset_id"] for one in attachments if one.get("asset_id")]


def message(view: ConsoleView, text: str, attachments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages as WeChat shows them, for console/_message.html; variables without a value keep their braces."""
    tenant = view.request.tenant
    said = fill(text, {"brand": tenant.brand or tenant.name}, {})
    shown: list[dict[str, Any]] = [{"kind": "text", "text": said}] if said else []
    for row, one in zip(rows_of(tenant.pk, attachments), attachments, strict=True):
        if one["kind"] == IMAGE:
            shown.append(
                {"kind": "image", "title": row["name"], "url": view.url("wecom:asset", pk=one["asset_id"])}
            )
        elif one["kind"] == MINI_PROGRAM:
            shown.append({"kind": "mini", "title": one["title"], "detail": _("Mini-program")})
        else:
            detail = one.get("description") or one.get("url") or row["label"]
            shown.append({"kind": "link", "title": row["name"], "detail": detail})
    return shown


class _OfMaterial(ConsoleView):
    permission = write_permission = Permission.OPERATE

    def attachments(self, pk: int) -> list[dict[str, Any]]:
        row = material_get(tenant_id=self.request.tenant.pk, material_id=pk)
        return list((edition_open(material=row) or row).attachments)

    def keep(self, pk: int, attachments: list[dict[str, Any]]) -> HttpResponse:
        material_set_attachments(
            tenant=self.request.tenant, material_id=pk, attachments=attachments, actor=self.request.actor
        )
        return drawer_done(self.request)


class MaterialPartPage(_OfMaterial, FormPage):
    """A drawer: one attachment more."""

    template_name = "wecom/part.html"
    form_class = PartForm

    def _kind(self) -> str:
        kind = self.request.GET.get("kind", IMAGE)
        if kind not in KIND_LABELS:
            raise Http404
        return kind

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        self.attachments(kwargs["pk"])  # an unknown material is not found
        return {"kind": _FORM_KINDS.get(self._kind(), self._kind())}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "kind": self._kind(), "label": KIND_LABELS[self._kind()], "here": self.request.get_full_path()
        }  # fmt: skip

    def done(self, form: PartForm, **kwargs: Any) -> HttpResponse:
        given = form.cleaned_data
        asset_id = self._store(given["file"]) if "file" in given else None
        made = Attachment(
            kind=self._kind(), title=given.get("title", ""), url=given.get("url", ""),
            description=given.get("desc", ""), image_url=given.get("picurl", ""), asset_id=asset_id,
            appid=given.get("appid", ""), page=given.get("page", ""),
        )  # fmt: skip
        present = self.attachments(kwargs["pk"])
        attachments_read([*present, made.to_dict()])
        return self.keep(kwargs["pk"], [*present, made.to_dict()])

    def _store(self, sent: Any) -> int:
        kind = IMAGE if self._kind() == MINI_PROGRAM else self._kind()
        row = assets.asset_store(
            tenant=self.request.tenant,
            kind=kind,
            name=sent.name,
            content=sent.read(),
            actor=self.request.actor,
        )
        return int(row.pk)


class MaterialPartRemove(_OfMaterial):
    """Take one off."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        present = self.attachments(pk)
        if number >= min(len(present), MOST):
            raise Http404
        return self.keep(pk, [one for place, one in enumerate(present) if place != number])
