"""Phone pages at 390 px first: whoever's phone is opened, customer or staff member, acts as that person."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import segno
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.callbacks.deliver import flush
from simulator.human import chats
from simulator.human.oauth import PERSON_COOKIE, visiting_person
from simulator.human.pages import TEMPLATES, render
from simulator.human.phone_acts import SCANS, perform, scanned
from simulator.runtime import Runtime
from simulator.wire.crypto import CryptoError
from simulator.wire.errors import WireError
from simulator.world.model import Corp
from simulator.world.relations import Refused

PEOPLE_SHOWN = 30
COOKIE_S = 30 * 86400
Page = Callable[[Request], Awaitable[Response]]


def _safe_back(back: str) -> str:
    """Only paths of this server; anything else leads to the start page."""
    parts = urlsplit(back)
    path = parts.path or "/phone/"
    if not path.startswith("/") or path.startswith("//"):
        return "/phone/"
    return f"{path}?{parts.query}" if parts.query else path


class Phone:
    """The pages of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def index(self, request: Request) -> Response:
        """Everybody whose phone can be opened; ?q= looks for a name or id."""
        wanted = request.query_params.get("q", "").strip()
        corps = [chats.people(corp, wanted, PEOPLE_SHOWN) for corp in self.runtime.world.corps.values()]
        return HTMLResponse(render("index.html", corps=corps, now=self.runtime.clock.now(), q=wanted))

    async def login(self, request: Request) -> Response:
        """Remember who this browser is and go back."""
        form = await request.form()
        corp = self.runtime.corp(str(form.get("corp_id")))
        person = str(form.get("person"))
        kind = "staff" if person in corp.staff else "customer"
        back = str(form.get("back") or f"/phone/{corp.corp_id}/{kind}/{person}")
        return self._as(RedirectResponse(_safe_back(back), status_code=303), corp, person)

    def _who(self, request: Request) -> tuple[Corp, str, str]:
        """Corp, kind and person of the address. Raises Refused."""
        corp = self.runtime.corp(request.path_params["corp_id"])
        kind, person = request.path_params["kind"], request.path_params["person"]
        is_known = (
            person in corp.staff if kind == "staff" else kind == "customer" and person in corp.customers
        )
        if not is_known:
            raise Refused("没有这位成员" if kind == "staff" else "没有这位客户")
        return corp, kind, person

    async def home(self, request: Request) -> Response:
        """The person's chats and whatever waits for them."""
        corp, kind, person = self._who(request)
        context = chats.staff_home(corp, person) if kind == "staff" else chats.customer_home(corp, person)
        page = render(f"{kind}.html", corp=corp, kind=kind, me=person, **context)
        return self._as(HTMLResponse(page), corp, person)

    async def chat(self, request: Request) -> Response:
        """One conversation: a group by its id, or the other person's."""
        corp, kind, person = self._who(request)
        context = chats.conversation(corp, person, request.path_params["chat"])
        page = render("chat.html", corp=corp, kind=kind, me=person, **context)
        return self._as(HTMLResponse(page), corp, person)

    async def act(self, request: Request) -> Response:
        """A button was pressed; then back to where it stands."""
        corp, kind, person = self._who(request)
        form = {name: str(value) for name, value in (await request.form()).items()}
        act, back = (
            request.path_params["act"],
            form.pop("back", "") or f"/phone/{corp.corp_id}/{kind}/{person}",
        )
        if act == "open":
            found = scanned(form.get("address", ""), corp)
            if found is None:
                return self._follow(form.get("address", ""))
            act, form = found
        await perform(self.runtime, corp, kind, person, act, dict(form))
        self.runtime.world.is_dirty = True
        await flush(self.runtime)
        return RedirectResponse(_safe_back(back), status_code=303)

    def _follow(self, address: str) -> Response:
        if not address.startswith(("http://", "https://")):
            raise Refused("这不是一个码或链接的地址")
        return RedirectResponse(address, status_code=303)

    async def scan(self, request: Request) -> Response:
        """Where a QR code leads: choose who scans, then the scan takes effect."""
        corp = self.runtime.corp(request.path_params["corp_id"])
        kind, config_id = request.path_params["kind"], request.path_params["config_id"]
        if kind not in SCANS:
            raise Refused("没有这种码")
        if request.method == "GET":
            visitor = visiting_person(request, corp)
            people = chats.outsiders(corp, visitor, PEOPLE_SHOWN)
            return HTMLResponse(render("scan.html", corp=corp, kind=kind, people=people))
        form = await request.form()
        who = str(form.get("person"))
        if who not in corp.customers:
            raise Refused("没有这位客户")
        field = "link_id" if kind == "link" else "config_id"
        body = {field: config_id, "customer_channel": request.query_params.get("customer_channel", "")}
        await perform(self.runtime, corp, "customer", who, SCANS[kind], dict(body))
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


def shown_errors(page: Page) -> Page:
    """A refusal becomes a plain page with a way back."""

    async def handle(request: Request) -> Response:
        try:
            return await page(request)
        except (Refused, WireError, CryptoError, ValueError) as error:
            back = _safe_back(request.headers.get("referer", ""))
            return HTMLResponse(render("notice.html", text=str(error), back=back), status_code=400)

    return handle


def routes(runtime: Runtime) -> list[Route]:
    phone = Phone(runtime)
    person = "/phone/{corp_id}/{kind}/{person}"
    return [
        Route("/phone/", shown_errors(phone.index)),
        Route("/phone/phone.css", phone.css),
        Route("/phone/login", shown_errors(phone.login), methods=["POST"]),
        Route("/phone/qr/{kind}/{corp_id}/{config_id}.svg", shown_errors(phone.qr)),
        Route("/phone/scan/{kind}/{corp_id}/{config_id}", shown_errors(phone.scan), methods=["GET", "POST"]),
        Route(person, shown_errors(phone.home)),
        Route(person + "/chat/{chat}", shown_errors(phone.chat)),
        Route(person + "/{act}", shown_errors(phone.act), methods=["POST"]),
    ]
