"""The simulator's own console, /sim/ui/: corps, faults, ledger, archive."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.callbacks.deliver import flush
from simulator.human import corps, fault_list, record
from simulator.human.answers import Body
from simulator.human.pages import render
from simulator.human.phone import shown_errors
from simulator.human.truth import counts_of
from simulator.runtime import Runtime
from simulator.world.faults import Faults
from simulator.world.model import Corp
from simulator.world.relations import Refused

ROWS_A_PAGE = 50


class Console:
    """The pages of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def _corp(self, request: Request) -> Corp:
        return self.runtime.corp(request.path_params["corp_id"])

    async def index(self, request: Request) -> Response:
        """All corps with the figures that matter at a glance."""
        rows = [
            {"corp": corp, "counts": counts_of(corp), "faults": _switched_on(corp)}
            for corp in self.runtime.world.corps.values()
        ]
        now = self.runtime.clock.now()
        running = [bulk.as_dict() for bulk in self.runtime.bulks[-5:]]
        return HTMLResponse(render("ui_index.html", rows=rows, now=now, bulks=running, tab=""))

    async def faults(self, request: Request) -> Response:
        corp = self._corp(request)
        page = render(
            "ui_faults.html",
            corp=corp,
            tab="faults",
            groups=fault_list.GROUPS,
            values=corp.faults.as_dict(),
            parts=fault_list.PARTS,
            switched=_switched_on(corp),
            saved=request.query_params.get("saved", ""),
        )
        return HTMLResponse(page)

    async def set_faults(self, request: Request) -> Response:
        """Save the page's values, or switch everything off."""
        corp = self._corp(request)
        form = {name: str(value) for name, value in (await request.form()).items()}
        if form.get("do") == "reset":
            changes = {name: getattr(Faults(), name) for name in fault_list.ROWS}
        else:
            changes = fault_list.read_form(form)
        corp.faults.update(changes)
        self.runtime.world.is_dirty = True
        return RedirectResponse(f"/sim/ui/{corp.corp_id}/faults?saved=1", status_code=303)

    async def do(self, request: Request) -> Response:
        """The buttons beside the faults: revoke tokens, deliver again, archive on or off."""
        corp = self._corp(request)
        form = await request.form()
        body: Body = {"corp_id": corp.corp_id}
        what = str(form.get("do"))
        if what == "revoke":
            await corps.revoke_tokens(self.runtime, body)
        elif what == "redeliver":
            await corps.redeliver(self.runtime, body)
            await flush(self.runtime)
        elif what == "verify":
            answer = await corps.verify_callback(self.runtime, body)
            if not answer["ok"]:
                raise Refused(f"回调地址验证失败：{answer['why']}")
        elif what in ("archive-on", "archive-off", "archive-expired", "archive-renewed"):
            changes = {"is_on": what == "archive-on"} if what.startswith("archive-o") else {}
            if what in ("archive-expired", "archive-renewed"):
                changes = {"is_expired": what == "archive-expired"}
            await corps.change_corp(self.runtime, {**body, "archive": changes})
        else:
            raise Refused("没有这个动作")
        self.runtime.world.is_dirty = True
        return RedirectResponse(f"/sim/ui/{corp.corp_id}/faults?saved=1", status_code=303)

    async def callbacks(self, request: Request) -> Response:
        """What was sent, with its tries and the answers."""
        corp, query = self._corp(request), dict(request.query_params)
        found = record.find_events(corp.ledger, query)
        page, rows = _slice(found, query)
        kinds = sorted({f"{e.event}.{e.change_type}".rstrip(".") for e in corp.ledger.events[-5000:]})
        context = {"kinds": kinds, "statuses": ("acked", "undelivered", "pending", "dropped")}
        return self._list("ui_callbacks.html", corp, query, page, rows, tab="callbacks", **context)

    async def callback(self, request: Request) -> Response:
        """One callback: its decrypted text and every try."""
        corp = self._corp(request)
        event = await record.callback(self.runtime, dict(request.path_params))
        return HTMLResponse(render("ui_callback.html", corp=corp, tab="callbacks", event=event))

    async def calls(self, request: Request) -> Response:
        """What was received: every vendor call of late."""
        corp, query = self._corp(request), dict(request.query_params)
        found = record.find_calls(self.runtime, {**query, "corp_id": corp.corp_id})
        page, rows = _slice(found, query)
        return self._list("ui_calls.html", corp, query, page, rows, tab="calls")

    def _list(
        self, name: str, corp: Corp, query: dict[str, str], page: dict[str, int], rows: list[Any], **more: Any
    ) -> Response:
        def link(number: int) -> str:
            return "?" + urlencode({**query, "page": number})

        return HTMLResponse(render(name, corp=corp, query=query, page=page, rows=rows, link=link, **more))


def _slice(found: list[Any], query: dict[str, str]) -> tuple[dict[str, int], list[Any]]:
    number = int(query.get("page") or 1)
    last = max(1, -(-len(found) // ROWS_A_PAGE))
    number = min(max(number, 1), last)
    start = (number - 1) * ROWS_A_PAGE
    return {"number": number, "last": last, "total": len(found)}, found[start : start + ROWS_A_PAGE]


def _switched_on(corp: Corp) -> list[str]:
    """The labels of the faults that are not as they begin."""
    calm = Faults().as_dict()
    known = fault_list.ROWS
    quiet = ("revoke_code", "delay_s", "slow_ms", "seed")
    values = corp.faults.as_dict()
    return [known[name].label for name in known if name not in quiet and values[name] != calm[name]]


def routes(runtime: Runtime) -> list[Route]:
    console = Console(runtime)
    corp = "/sim/ui/{corp_id}"
    return [
        Route("/sim/ui/", shown_errors(console.index)),
        Route(corp + "/faults", shown_errors(console.faults)),
        Route(corp + "/faults", shown_errors(console.set_faults), methods=["POST"]),
        Route(corp + "/do", shown_errors(console.do), methods=["POST"]),
        Route(corp + "/callbacks", shown_errors(console.callbacks)),
        Route(corp + "/callbacks/{event_id}", shown_errors(console.callback)),
        Route(corp + "/calls", shown_errors(console.calls)),
    ]
