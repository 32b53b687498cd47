"""`/wecom/callback/<slug>` as an ordinary view; `wecom.front` answers most callbacks before it."""

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from wecom.inbox import reception

PLAIN = "text/plain; charset=utf-8"


@method_decorator(csrf_exempt, name="dispatch")
class CallbackView(View):
    """GET: WeCom checks the URL. POST: one event. What is answered, and when, stands in `reception`."""

    http_method_names = ("get", "post")

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        return _response(reception.check(slug=slug, query=request.GET.dict()))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or ""
        return _response(
            reception.event(slug=slug, query=request.GET.dict(), announced=announced, read=request.read)
        )


def _response(answer: reception.Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, content_type=PLAIN)
