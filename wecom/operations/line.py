"""The line to WeCom and each of its interfaces: what was refused, in plain words, and where it is repaired."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wecom.enums import AppState
from wecom.gateway.health import NO_ANSWER, ApiHealth
from wecom.gateway.reactions import Act, reaction_to
from wecom.models import App
from wecom.operations.facts import AppFacts, Facts
from wecom.operations.shape import Action, Line, Part, State, Text, at

OLD = timedelta(hours=24)
_SERIOUS = {Act.STOP_TENANT, Act.STOP_API}
_HARMLESS = {Act.GIVE_UP, Act.EMPTY, Act.NEW_TOKEN, Act.NEW_TICKET}
# The first that fits names what an interface is for.
_AREAS: tuple[tuple[str, Text], ...] = (
    ("gettoken", gettext_lazy("Access token")),
    ("ticket", gettext_lazy("Page tickets")),
    ("auth/", gettext_lazy("Sign-in")),
    ("getuserinfo", gettext_lazy("Sign-in")),
    ("department", gettext_lazy("Staff")),
    ("user/", gettext_lazy("Staff")),
    ("groupmsg", gettext_lazy("Mass sends")),
    ("msg_template", gettext_lazy("Mass sends")),
    ("welcome", gettext_lazy("Welcome messages")),
    ("moment", gettext_lazy("Moments")),
    ("join_way", gettext_lazy("Live codes")),
    ("contact_way", gettext_lazy("Live codes")),
    ("tag", gettext_lazy("Tags")),
    ("groupchat", gettext_lazy("Customer groups")),
    ("statistic", gettext_lazy("Official figures")),
    ("msgaudit", gettext_lazy("Message archive")),
    ("archive/", gettext_lazy("Message archive")),
    ("media", gettext_lazy("Files")),
    ("message/", gettext_lazy("Messages to staff")),
    ("externalcontact", gettext_lazy("Customers")),
)


def area_of(path: str) -> Text:
    """What an interface is for, in plain words."""
    return next((label for part, label in _AREAS if part in path), path)


@dataclass(frozen=True)
class ApiRow:
    """One interface in the table of all."""

    health: ApiHealth
    area: Text
    state: State
    says: Text


def part(facts: Facts) -> Part:
    """The state of each app, its breaker, and the interfaces that need somebody."""
    lines: list[Line] = []
    for one in facts.apps:
        lines += _corp(one)
        lines += [made for api in one.apis if (made := _api(one, api, facts.now))]
    return Part("line", _("Calls to WeCom"), lines)


def _corp(one: AppFacts) -> list[Line]:
    """Whether calls go out at all: the app's state, then the breaker."""
    app, gate = one.app, one.gate
    code = app.state_code if app.state == AppState.BROKEN else gate.stopped_code
    title = str(app)
    if app.state == AppState.BROKEN or code:
        return [_stopped(one, code)]
    if app.state == AppState.PAUSED:
        says = _("Somebody paused all calls. Callbacks are still stored; sends wait.")
        return [
            Line("app", State.LOOK, title, says, action=Action(_("Let calls go out again"), "wecom:setup"))
        ]
    if app.state == AppState.NEW:
        says = _("The app is not connected yet.")
        return [Line("app", State.LOOK, title, says, action=Action(_("Finish the set-up"), "wecom:setup"))]
    if gate.state == "open":
        says = _(
            "WeCom has not answered since %(since)s. Calls wait and are tried again by themselves at %(until)s; "
            "nothing is lost."
        ) % {"since": at(gate.since), "until": at(gate.until)}
        todo = _(
            "If it lasts, check on the server that qyapi.weixin.qq.com is reached: name service, firewall, proxy."
        )
        return [Line("app", State.BROKEN, title, says, todo)]
    if gate.state == "half_open":
        says = _("WeCom did not answer; one call at a time now tries the line.")
        return [Line("app", State.LOOK, title, says)]
    return [Line("app", State.GOOD, title, _good(one))]


def _good(one: AppFacts) -> str:
    calls, errors = sum(api.calls for api in one.apis), sum(api.errors for api in one.apis)
    if not calls:
        return _("Connected; nothing was asked of WeCom in the last hour.")
    said = ngettext(
        "Connected. %(n)s call in the last hour or two, %(errors)s refused.",
        "Connected. %(n)s calls in the last hour or two, %(errors)s refused.",
        calls,
    )
    return said % {"n": calls, "errors": errors}


def _stopped(one: AppFacts, code: int) -> Line:
    reaction = reaction_to(code)
    says = _("All calls are stopped: %(why)s. Nothing is lost; sends and events wait.") % {
        "why": reaction.meaning if code else _("the app is not connected")
    }
    last = next((api for api in one.apis if api.code == code and api.address), None)
    todo = str(reaction.todo)
    if last:
        todo = _("WeCom sees this server as %(address)s. %(todo)s") % {"address": last.address, "todo": todo}
    action = Action(
        _("Change the secret") if code in (40001, 40091, 40013) else _("Check again"), "wecom:setup"
    )
    return Line("app", State.BROKEN, str(one.app), says, todo, reaction.console, code=code, action=action)


def _api(one: AppFacts, api: ApiHealth, now: datetime) -> Line | None:
    """A line for an interface that is held back or was refused last; None for one that works."""
    state, says = judge(one, api, now)
    if state not in (State.LOOK, State.BROKEN) or _is_told_of_app(one.app, one.gate.stopped_code, api):
        return None
    reaction = reaction_to(api.code)
    action = Action(_("Check again"), "wecom:setup") if reaction.act in _SERIOUS else None
    title = f"{area_of(api.path)} · {api.path}"
    return Line(
        f"api:{api.path}", state, title, says, reaction.todo if api.code != NO_ANSWER else "",
        reaction.console if api.code != NO_ANSWER else "", code=max(api.code, -1), action=action,
    )  # fmt: skip


def _is_told_of_app(app: App, stopped_code: int, api: ApiHealth) -> bool:
    return api.is_failing and bool(api.code) and api.code in (app.state_code, stopped_code)


def judge(one: AppFacts, api: ApiHealth, now: datetime) -> tuple[State, str]:
    """An interface's state, and the sentence for it."""
    denied, paused = one.gate.denied.get(api.path), one.gate.paused.get(api.path)
    if denied:
        return State.BROKEN, _(
            "%(why)s. It is not asked again for some minutes, or until the check succeeds."
        ) % {"why": reaction_to(denied).meaning}
    if paused:
        return State.LOOK, _(
            "WeCom's rate limit was reached. Paused until %(until)s, then it goes on by itself."
        ) % {"until": at(paused)}
    if api.is_failing and api.bad_at and now - api.bad_at < OLD:
        return _refused(api)
    if api.path in one.rooms:
        return State.LOOK, _("Too many calls at once: for some minutes only %(n)s at a time.") % {
            "n": one.rooms[api.path]
        }
    return (State.GOOD if api.ok_at else State.IDLE), _("Last success %(at)s.") % {"at": at(api.ok_at)}


def _refused(api: ApiHealth) -> tuple[State, str]:
    if api.code == NO_ANSWER:
        return State.LOOK, _("The last call got no answer (%(at)s). It is repeated where that is safe.") % {
            "at": at(api.bad_at)
        }
    reaction = reaction_to(api.code)
    says = _("%(why)s (%(at)s).") % {"why": reaction.meaning, "at": at(api.bad_at)}
    if reaction.act in _HARMLESS:
        return State.GOOD, says
    return (State.BROKEN if reaction.act in _SERIOUS else State.LOOK), says


def table(facts: Facts) -> list[ApiRow]:
    """Every interface that was ever called, those that need somebody first."""
    rows = []
    for one in facts.apps:
        for api in one.apis:
            state, says = judge(one, api, facts.now)
            rows.append(ApiRow(api, area_of(api.path), state, says))
    order = (State.BROKEN, State.LOOK, State.GOOD, State.IDLE)
    return sorted(rows, key=lambda row: (order.index(row.state), str(row.area), row.health.path))
