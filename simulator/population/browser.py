"""A person's browser: own cookies, redirects, the OAuth hop, and reading the product's forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import httpx

from simulator.runtime import Runtime
from simulator.world.entities import OAuthCode
from simulator.world.model import Corp

MAX_HOPS = 12
LOOPBACK = {"localhost", "127.0.0.1"}
AUTHORIZE_PATH = "/connect/oauth2/authorize"
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass
class Form:
    """One form of a page: where it goes, what it would send, its attributes and the words inside it."""

    action: str
    method: str
    attributes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""
    marked: list[str] = field(default_factory=list)
    has_button: bool = False


@dataclass
class Page:
    """Where the browser ended. Status 0 means that nothing answered; `left` that the product was left."""

    url: str
    status: int
    text: str = ""
    left: bool = False

    @property
    def is_down(self) -> bool:
        """Nobody answered, or the server failed: worth another try."""
        return not self.left and (self.status == 0 or self.status >= 500)

    @property
    def ok(self) -> bool:
        return self.left or 200 <= self.status < 400


class _Reader(HTMLParser):
    """Collects forms, links and the text of elements marked data-sim="text"."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, dict[str, str]]] = []
        self.marked: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""
        self._depth = 0
        self._marks = self.marked

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self._depth:
            self._depth += tag not in ("br", "img", "input", "hr", "wbr")
        elif values.get("data-sim") == "text":
            self._depth = 1
            self._marks = self._form.marked if self._form is not None else self.marked
            self._marks.append("")
        if tag == "a" and values.get("href"):
            self.links.append((values["href"], values))
        if tag == "form":
            self._form = Form(values.get("action", ""), values.get("method", "get").lower(), values)
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(tag, values)
        if tag == "br" and self._depth:
            self._marks[-1] += "\n"

    def _control(self, tag: str, values: dict[str, str]) -> None:
        assert self._form is not None
        fields, name = self._form.fields, values.get("name", "")
        kind = values.get("type", "submit" if tag == "button" else "text")
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            fields.setdefault(name, "")
        elif tag == "option" and self._select:
            if "selected" in values or (not fields.get(self._select) and values.get("value")):
                fields[self._select] = values.get("value", "")
        elif tag == "input" and name and kind not in ("submit", "button", "file", "image", "reset"):
            if kind in ("checkbox", "radio"):
                if "checked" in values or "required" in values:
                    fields.setdefault(name, values.get("value", "on"))
            else:
                fields[name] = values.get("value", "") or ("已发送" if "required" in values else "")
        elif tag in ("button", "input") and kind == "submit" and not self._form.has_button:
            self._form.has_button = True
            if name:
                fields[name] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if self._depth:
            self._depth -= 1
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._depth:
            self._marks[-1] += data
        if self._form is not None:
            self._form.text += data
        if self._area and self._form is not None:
            self._form.fields[self._area] = self._form.fields.get(self._area, "") + data


@dataclass
class Document:
    """What was read from a page."""

    forms: list[Form]
    links: list[str]
    marked_text: str


def read(text: str) -> Document:
    """Forms, links and marked text of an HTML page."""
    reader = _Reader()
    reader.feed(text)
    return Document(reader.forms, [href for href, _ in reader.links], joined(reader.marked))


def joined(parts: list[str]) -> str:
    """Marked texts as one message."""
    return "\n".join(part.strip() for part in parts if part.strip())


def same_site(url: str, base: str) -> bool:
    """Same host and port; the two names of this machine count as one."""
    first, second = urlsplit(url), urlsplit(base)
    hosts = {first.hostname, second.hostname}
    return first.port == second.port and (len(hosts) == 1 or hosts <= LOOPBACK) and None not in hosts


class Browser:
    """Opens the product's pages as one person."""

    def __init__(self, runtime: Runtime, corp: Corp, person: str) -> None:
        self.runtime = runtime
        self.corp = corp
        self.person = person
        self.cookies: dict[str, str] = corp.people.setdefault(person, {}).setdefault("cookies", {})

    async def open(self, url: str, data: dict[str, str] | None = None) -> Page:
        """GET, or POST when there is data; follows redirects and signs in by OAuth on the way."""
        referer = ""
        for _ in range(MAX_HOPS):
            if urlsplit(url).path == AUTHORIZE_PATH:
                url, data = self._authorize(url), None
                if not url:
                    return Page(url, 400)
                continue
            if not self.is_product(url):
                return Page(url, 0, left=True)
            try:
                answer = await self._send(url, data, referer)
            except httpx.HTTPError as error:
                return Page(url, 0, type(error).__name__)
            self._keep_cookies(answer)
            if answer.status_code not in REDIRECTS or "location" not in answer.headers:
                return Page(url, answer.status_code, answer.text)
            if answer.status_code not in (307, 308):
                data = None
            referer, url = url, urljoin(url, answer.headers["location"])
        return Page(url, 508, "too many redirects")

    def is_product(self, url: str) -> bool:
        return same_site(url, self.corp.product_base_url)

    async def _send(self, url: str, data: dict[str, str] | None, referer: str) -> httpx.Response:
        headers = {"User-Agent": "wxwork MicroMessenger simulated", "Accept": "text/html"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if data is None:
            return await self.runtime.client.get(url, headers=headers)
        parts = urlsplit(url)
        headers |= {"Referer": referer or url, "Origin": f"{parts.scheme}://{parts.netloc}"}
        return await self.runtime.client.post(url, data=data, headers=headers)

    def _keep_cookies(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            jar: SimpleCookie = SimpleCookie()
            try:
                jar.load(line)
            except CookieError:
                continue
            for name, morsel in jar.items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.coded_value

    def _authorize(self, url: str) -> str:
        """The OAuth hop without a round trip to ourselves: the redirect with a fresh code, or ''."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        back = query.get("redirect_uri", "")
        if query.get("appid") != self.corp.corp_id or query.get("response_type") != "code" or not back:
            return ""
        code = self.corp.new_id("CODE", 40)
        agentid = query.get("agentid", "")
        self.runtime.world.oauth_codes[code] = OAuthCode(
            code,
            self.corp.corp_id,
            int(agentid) if agentid.isdigit() else 0,
            self.person,
            self.runtime.clock.now(),
        )
        parts = urlsplit(back)
        extra = [("code", code), ("state", query.get("state", ""))]
        joined = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *extra])
        return urlunsplit((parts.scheme, parts.netloc, parts.path, joined, ""))
