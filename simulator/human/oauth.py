"""The OAuth page of the fake client: who visits is told by cookie or header (PROTOCOL 3.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from simulator.human.pages import render
from simulator.runtime import Runtime
from simulator.world.entities import OAuthCode
from simulator.world.model import Corp

PERSON_HEADER = "x-sim-person"
PERSON_COOKIE = "sim_person"
PEOPLE_SHOWN = 40


def visiting_person(request: Request, corp: Corp) -> str:
    """The id of the corp's person who visits, or an empty string."""
    told = request.headers.get(PERSON_HEADER) or request.cookies.get(PERSON_COOKIE) or ""
    corp_id, _, person = told.partition(":")
    if corp_id != corp.corp_id:
        return ""
    return person if person in corp.staff or person in corp.customers else ""


def issue_code(runtime: Runtime, corp: Corp, *, agentid: int, person: str) -> str:
    """A code good for five minutes and one use."""
    code = corp.new_id("CODE", 40)
    entry = OAuthCode(code, corp.corp_id, agentid, person, runtime.clock.now())
    runtime.world.oauth_codes[code] = entry
    runtime.world.is_dirty = True
    return code


def _with_code(redirect_uri: str, code: str, state: str) -> str:
    parts = urlsplit(redirect_uri)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("code", code), ("state", state)]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


def _people(corp: Corp) -> dict[str, list[dict[str, Any]]]:
    customers = list(corp.customers.values())[:PEOPLE_SHOWN]
    return {
        "staff": [{"id": s.userid, "name": s.name} for s in corp.staff.values()],
        "customers": [{"id": c.external_userid, "name": c.name} for c in customers],
    }


class OAuthPage:
    """GET /connect/oauth2/authorize, and the staff's QR login at /wwlogin/sso/login and /wwopen/sso/qrConnect."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def authorize(self, request: Request) -> Response:
        """302 back with code and state, or a page asking who is visiting."""
        query = request.query_params
        corp = self.runtime.world.corps.get(query.get("appid", ""))
        redirect_uri = query.get("redirect_uri", "")
        if corp is None or not redirect_uri.startswith(("http://", "https://")):
            return HTMLResponse(render("notice.html", text="appid 或 redirect_uri 不正确"), status_code=400)
        if query.get("response_type") != "code" or not query.get("scope", "").startswith("snsapi_"):
            return HTMLResponse(render("notice.html", text="response_type 或 scope 不正确"), status_code=400)
        person = visiting_person(request, corp)
        if not person:
            return _ask_who(request, corp, _people(corp))
        agentid = query.get("agentid", "")
        code = issue_code(self.runtime, corp, agentid=int(agentid) if agentid.isdigit() else 0, person=person)
        return RedirectResponse(_with_code(redirect_uri, code, query.get("state", "")), status_code=302)

    async def qr_login(self, request: Request) -> Response:
        """A staff member scans the code on a computer's screen; here they choose themselves, unless a header tells.

        The old page is named by appid and agentid alone, the new one also by login_type=CorpApp.
        """
        query = request.query_params
        corp = self.runtime.world.corps.get(query.get("appid", ""))
        redirect_uri, agentid = query.get("redirect_uri", ""), query.get("agentid", "")
        is_new = request.url.path.startswith("/wwlogin/")
        if corp is None or not redirect_uri.startswith(("http://", "https://")):
            return HTMLResponse(render("notice.html", text="appid 或 redirect_uri 不正确"), status_code=400)
        if not agentid.isdigit() or int(agentid) not in corp.apps:
            return HTMLResponse(render("notice.html", text="agentid 不正确"), status_code=400)
        if is_new and query.get("login_type") != "CorpApp":
            return HTMLResponse(render("notice.html", text="login_type 不正确"), status_code=400)
        told = request.headers.get(PERSON_HEADER) or request.query_params.get("sim_person") or ""
        person = told.removeprefix(f"{corp.corp_id}:")
        if person not in corp.staff or person in corp.resigned:
            return HTMLResponse(
                render("qr_login.html", corp=corp, people=_people(corp)["staff"], asked=query)
            )
        code = issue_code(self.runtime, corp, agentid=int(agentid), person=person)
        return RedirectResponse(_with_code(redirect_uri, code, query.get("state", "")), status_code=302)


def _ask_who(request: Request, corp: Corp, people: dict[str, list[dict[str, Any]]]) -> Response:
    return HTMLResponse(render("who.html", corp=corp, people=people, back=str(request.url)))
