"""Small phone-like pages: a customer's phone and a staff member's phone, at 390 px first."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import segno
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.callbacks.deliver import flush
from simulator.human.acts import click_card
from simulator.human.oauth import PERSON_COOKIE
from simulator.human.pages import TEMPLATES, render
from simulator.runtime import Runtime
from simulator.world import codes, mass_send
from simulator.world.entities import AppMessage
from simulator.world.model import Corp
from simulator.world.relations import Refused

MESSAGES_SHOWN = 30
COOKIE_S = 30 * 86400
Page = Callable[[Request], Awaitable[Response]]


def _safe_back(back: str) -> str:
    """Only paths of this server; anything else leads to the start page."""
    parts = urlsplit(back)
    path = parts.path or "/phone/"
    if not path.startswith("/") or path.startswith("//"):
        return "/phone/"
    return f"{path}?{parts.query}" if parts.query else path


def links_of(message: AppMessage) -> list[str]:
    """The addresses behind an app message, in the order they are shown."""
    body = message.body
    if message.msgtype == "textcard":
        return [body["url"]]
    if message.msgtype == "template_card":
        action = body.get("card_action") or {}
        return [action["url"]] if action.get("url") else []
    words = body.get("content", "").replace("(", " ").replace(")", " ").replace('"', " ").split()
    return [word for word in words if word.startswith(("http://", "https://"))]


def title_of(message: AppMessage) -> str:
    """What the list shows."""
    if message.msgtype == "textcard":
        return str(message.body["title"])
    if message.msgtype == "template_card":
        return str(message.body["main_title"]["title"])
    return str(message.body.get("content", ""))


def _text_of(message: AppMessage) -> str:
    if message.msgtype == "textcard":
        return str(message.body["description"])
    if message.msgtype == "template_card":
        return str(message.body["main_title"].get("desc") or message.body.get("sub_title_text") or "")
    return ""


class Phone:
    """The pages of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def index(self, request: Request) -> Response:
        corps = list(self.runtime.world.corps.values())
        return HTMLResponse(render("index.html", corps=corps, now=self.runtime.clock.now()))

    async def login(self, request: Request) -> Response:
        """Remember who this browser is and go back."""
        form = await request.form()
        corp = self.runtime.corp(str(form.get("corp_id")))
        person = str(form.get("person"))
        kind = "staff" if person in corp.staff else "customer"
        back = str(form.get("back") or f"/phone/{corp.corp_id}/{kind}/{person}")
        answer = RedirectResponse(_safe_back(back), status_code=303)
        answer.set_cookie(
            PERSON_COOKIE, f"{corp.corp_id}:{person}", max_age=COOKIE_S, httponly=True, samesite="lax"
        )
        return answer

    async def customer(self, request: Request) -> Response:
        corp = self.runtime.corp(request.path_params["corp_id"])
        person = corp.customers.get(request.path_params["person"])
        if person is None:
            raise Refused("没有这位客户")
        chats = [
            {"group": group, "messages": group.messages[-MESSAGES_SHOWN:][::-1]}
            for group in corp.groups_of(person.external_userid)
        ]
        page = render(
            "customer.html",
            corp=corp,
            person=person,
            chats=chats,
            inbox=person.inbox[-MESSAGES_SHOWN:][::-1],
            name_of=lambda uid: _name(corp, uid),
        )
        return self._as(HTMLResponse(page), corp, person.external_userid)

    async def staff(self, request: Request) -> Response:
        corp = self.runtime.corp(request.path_params["corp_id"])
        member = corp.staff.get(request.path_params["person"])
        if member is None:
            raise Refused("没有这位成员")
        messages = [
            {"message": m, "title": title_of(m), "text": _text_of(m), "links": links_of(m)}
            for m in reversed(list(corp.app_messages.values()))
            if member.userid in m.userids and not m.recalled
        ][:MESSAGES_SHOWN]
        waiting = [
            {"mass": m, "task": m.tasks[member.userid]}
            for m in corp.mass_sends.values()
            if member.userid in m.tasks and m.tasks[member.userid].status == 0 and not m.cancelled
        ]
        page = render(
            "staff.html",
            corp=corp,
            person=member,
            messages=messages,
            waiting=waiting,
            owned=[g for g in corp.groups_of(member.userid) if g.owner == member.userid],
            name_of=lambda pid: _name(corp, pid),
        )
        return self._as(HTMLResponse(page), corp, member.userid)

    async def confirm(self, request: Request) -> Response:
        """The staff member's tap on send."""
        corp = self.runtime.corp(request.path_params["corp_id"])
        userid = request.path_params["person"]
        form = await request.form()
        mass_send.confirm(corp, msgid=str(form.get("msgid")), userid=userid, at=self.runtime.clock.now())
        self.runtime.world.is_dirty = True
        await flush(self.runtime)
        return RedirectResponse(f"/phone/{corp.corp_id}/staff/{userid}", status_code=303)

    async def card(self, request: Request) -> Response:
        """The staff member presses a button of a card."""
        corp_id, userid = request.path_params["corp_id"], request.path_params["person"]
        form = await request.form()
        click = {"corp_id": corp_id, "userid": userid, "msgid": form.get("msgid"), "key": form.get("key")}
        await click_card(self.runtime, click)
        self.runtime.world.is_dirty = True
        await flush(self.runtime)
        return RedirectResponse(f"/phone/{corp_id}/staff/{userid}", status_code=303)

    async def scan(self, request: Request) -> Response:
        """Where a QR code leads: choose who scans, then the scan takes effect."""
        corp = self.runtime.corp(request.path_params["corp_id"])
        kind, config_id = request.path_params["kind"], request.path_params["config_id"]
        if request.method == "GET":
            outside = list(corp.customers.values())[:MESSAGES_SHOWN]
            return HTMLResponse(render("scan.html", corp=corp, kind=kind, people=outside))
        form = await request.form()
        who, now = str(form.get("person")), self.runtime.clock.now()
        if kind == "contact":
            codes.scan_contact_way(corp, config_id=config_id, external_userid=who, at=now, now=now)
        else:
            codes.scan_join_way(corp, config_id=config_id, external_userid=who, at=now, now=now)
        self.runtime.world.is_dirty = True
        await flush(self.runtime)
        return RedirectResponse(f"/phone/{corp.corp_id}/customer/{who}", status_code=303)

    async def qr(self, request: Request) -> Response:
        """The picture behind qr_code: it holds the address of the scan page."""
        kind, corp_id, config_id = (request.path_params[n] for n in ("kind", "corp_id", "config_id"))
        page = f"{str(request.base_url).rstrip('/')}/phone/scan/{kind}/{corp_id}/{config_id}"
        picture = io.BytesIO()
        segno.make(page, micro=False).save(picture, kind="svg", scale=6, border=3)
        return Response(picture.getvalue(), media_type="image/svg+xml")

    async def css(self, request: Request) -> Response:
        return FileResponse(TEMPLATES / "phone.css", media_type="text/css")

    def _as(self, answer: Response, corp: Corp, person: str) -> Response:
        """Looking at somebody's phone makes this browser that person."""
        answer.set_cookie(
            PERSON_COOKIE, f"{corp.corp_id}:{person}", max_age=COOKIE_S, httponly=True, samesite="lax"
        )
        return answer


def _name(corp: Corp, person_id: str) -> str:
    if person_id in corp.staff:
        return corp.staff[person_id].name
    if person_id in corp.customers:
        return corp.customers[person_id].name
    group: Any = corp.groups.get(person_id)
    return group.name if group else person_id


def _kind(page: Page) -> Page:
    """A refusal becomes a plain page."""

    async def handle(request: Request) -> Response:
        try:
            return await page(request)
        except Refused as error:
            return HTMLResponse(render("notice.html", text=str(error)), status_code=400)

    return handle


def routes(runtime: Runtime) -> list[Route]:
    phone = Phone(runtime)
    return [
        Route("/phone/", _kind(phone.index)),
        Route("/phone/phone.css", phone.css),
        Route("/phone/login", _kind(phone.login), methods=["POST"]),
        Route("/phone/qr/{kind}/{corp_id}/{config_id}.svg", _kind(phone.qr)),
        Route("/phone/scan/{kind}/{corp_id}/{config_id}", _kind(phone.scan), methods=["GET", "POST"]),
        Route("/phone/{corp_id}/customer/{person}", _kind(phone.customer)),
        Route("/phone/{corp_id}/staff/{person}", _kind(phone.staff)),
        Route("/phone/{corp_id}/staff/{person}/confirm", _kind(phone.confirm), methods=["POST"]),
        Route("/phone/{corp_id}/staff/{person}/card", _kind(phone.card), methods=["POST"]),
    ]
