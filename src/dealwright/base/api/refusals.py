"""Every refusal under ``/api/`` is a problem, also those that Django gives before the API."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from dealwright.base.api.problems import problem

_PREFIX = "/api/"
_SENTENCES = {
    400: "The request cannot be read.",
    403: "The request was refused.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
}


class ProblemMiddleware:
    """Gives an address that is not there, a wrong method or a missing CSRF token the one shape."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sentence = _SENTENCES.get(response.status_code)
        if sentence is None or not request.path.startswith(_PREFIX):
            return response
        if response.headers.get("Content-Type", "").startswith("application/problem+json"):
            return response
        kept = {name: response[name] for name in ("Allow", "Vary") if name in response}
        return problem(request, response.status_code, sentence, headers=kept)
