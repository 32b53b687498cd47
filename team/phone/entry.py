"""The door of WeCom's sidebar, and the signature that lets our pages act there."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from console.pages import render
from team.phone.base import PhoneView
from wecom.errors import Retryable, Stopped, WecomError
from wecom.gateway.jssdk import is_own_page, js_signature
from wecom.selectors import app_current


class EntryPage(PhoneView):
    """The page that the WeCom console names for chat toolbars: it asks where it was opened, and goes there."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "team/phone_entry.html", partial="team/phone_entry.html")


class JsConfigView(PhoneView):
    """GET ?url= as JSON: what WeCom's script needs to know that this page of ours is ours. Others' pages: 404."""

    def get(self, request: HttpRequest) -> HttpResponse:
        app = app_current(tenant_id=self.request.tenant.pk)
        url = request.GET.get("url", "")
        origins = [f"{request.scheme}://{request.get_host()}", settings.PUBLIC_URL]
        if app is None or not is_own_page(url, origins=origins, under=self.url("team_phone:tasks")):
            raise Http404
        try:
            answer = JsonResponse(js_signature(app=app, url=url))
        except Stopped:
            answer = self._sorry(
                _("The connection to WeCom is stopped. An owner finds the reason under Settings, WeCom.")
            )
        except Retryable:
            answer = self._sorry(_("WeCom is busy. Try again in a moment."))
        except WecomError as error:
            told = _(
                "WeCom refused to sign the page (%(code)s). An owner finds the reason under Settings, WeCom."
            )
            answer = self._sorry(told % {"code": error.code or "–"})
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _sorry(self, text: str) -> JsonResponse:
        return JsonResponse({"error": text}, status=503)
