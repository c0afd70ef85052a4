"""What every page is made with: ``page``, ``render``, ``Form``, ``done``, ``actor_of``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import TracebackType
from typing import Any, overload
from urllib.parse import quote

import orjson
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template import loader
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotAllowed

View = Callable[..., HttpResponseBase]


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """A page from a Jinja template with the shell's context."""
    text = loader.render_to_string(template, dict(context or {}), request, using=None)
    response = HttpResponse(text, status=status)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    # The same address answers whole pages and fragments.
    response.headers["Vary"] = "HX-Request, Cookie, Accept-Language"
    return response


def actor_of(request: HttpRequest) -> Actor:
    """Who acts through this request: the signed-in user, or the public."""
    user: Any = request.user
    request_id = getattr(request, "request_id", "")
    if user.is_authenticated:
        return Actor(user=user, via="web", request_id=request_id)
    return Actor(user=None, via="public", request_id=request_id, label="Visitor")


@overload
def page(view: View) -> View: ...


@overload
def page(
    *, profiles: Sequence[str] = (), methods: Sequence[str] = ...
) -> Callable[[View], View]: ...


def page(
    view: View | None = None,
    *,
    profiles: Sequence[str] = (),
    methods: Sequence[str] = ("GET", "HEAD", "POST"),
) -> View | Callable[[View], View]:
    """A page for signed-in people; ``profiles`` narrows it (``["administrator"]``).

    Who is not signed in goes to the sign-in page and comes back; an htmx request is sent
    there as a whole page.
    """

    def decorate(inner: View) -> View:
        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(list(methods))
            user: Any = request.user
            if not user.is_authenticated:
                return _to_sign_in(request)
            if profiles and user.profile not in profiles:
                raise NotAllowed("Your profile may not open this page.")
            return inner(request, *args, **kwargs)

        return guarded

    return decorate(view) if view is not None else decorate


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = f"{settings.LOGIN_URL}?next={quote(_page_behind(request))}"
        return response
    if request.headers.get("Accept", "").startswith("application/json"):
        raise NotAllowed("Sign in to do this.", code="sign_in_required")
    target = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={quote(target)}")


def _page_behind(request: HttpRequest) -> str:
    details: Any = getattr(request, "htmx", None)
    return getattr(details, "current_url_abs_path", None) or "/"


def done(
    request: HttpRequest, target: str, message: str = "", *, tone: str = "success"
) -> HttpResponse:
    """After a successful write: go to ``target`` and say ``message`` there."""
    if message:
        messages.add_message(
            request, messages.ERROR if tone == "danger" else messages.SUCCESS, message
        )
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = target
        return response
    return HttpResponseRedirect(target, status=303)


def toast(
    response: HttpResponse,
    message: str,
    *,
    undo: str = "",
    tone: str = "success",
    events: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Let an htmx answer show a toast; ``undo`` is an address that POST takes it back.

    ``events`` are further events to trigger in the page, by name.
    """
    detail = {"message": message, "tone": tone, **({"undo": undo} if undo else {})}
    response["HX-Trigger"] = json.dumps({"dw:toast": detail, **(events or {})})
    return response


def say(request: HttpRequest, message: str, *, undo: str = "", tone: str = "success") -> None:
    """Say something on the next page the person opens; ``undo`` as in ``toast``."""
    messages.add_message(
        request,
        messages.ERROR if tone == "danger" else messages.SUCCESS,
        message,
        extra_tags=f"undo:{undo}" if undo else "",
    )


class Form:
    """What was typed into a form, and the sentences about what is wrong with it.

    As a context manager it catches a refusal (Invalid, Conflict, NotAllowed), so that the
    page comes again with everything typed kept::

        form = Form(request, {"name": record.name})
        if request.method == "POST":
            with form:
                rename(actor_of(request), record, name=form["name"])
                return done(request, "/things", _("Saved."))
        return form.page("crm/things/edit.html", {"record": record})
    """

    def __init__(
        self,
        request: HttpRequest,
        initial: Mapping[str, Any] | None = None,
        *,
        lists: Sequence[str] = (),
    ) -> None:
        self.request = request
        self.errors: dict[str, list[str]] = {}
        self.message = ""
        self.values: dict[str, Any] = dict(initial or {})
        if request.method == "POST":
            for key in request.POST:
                if key != "csrfmiddlewaretoken":
                    self.values[key] = request.POST[key]
            for key in lists:
                self.values[key] = request.POST.getlist(key)

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key, "")

    def get(self, key: str, default: Any = "") -> Any:
        return self.values.get(key, default)

    def checked(self, key: str) -> bool:
        """Whether a checkbox was ticked (on POST) or is set (before)."""
        if self.request.method == "POST":
            return key in self.request.POST
        return bool(self.values.get(key))

    def typed(self, *keys: str) -> dict[str, Any]:
        """The values of these keys that were sent, for a service that takes a mapping."""
        return {key: self.request.POST[key] for key in keys if key in self.request.POST}

    def refuse(self, key: str, sentence: str) -> None:
        """Note that a field is wrong."""
        self.errors.setdefault(key, []).append(sentence)

    @property
    def ok(self) -> bool:
        return not (self.errors or self.message)

    def __enter__(self) -> Form:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, Invalid | Conflict | NotAllowed):
            self.message = error.message
            for key, sentences in error.fields.items():
                self.errors.setdefault(key, []).extend(sentences)
            return True
        return isinstance(error, Exception) and self._refuse_unstorable()

    def _refuse_unstorable(self) -> bool:
        """Whether what failed was a text with a NUL, which no text of the database can hold;
        says so at each field that has one. Nobody types it: hand-made requests send it."""
        bad = [
            key
            for key, values in self.request.POST.lists()
            if any("\x00" in str(value) for value in values)
        ]
        for key in bad:
            self.refuse(key, _("Remove the character that cannot be shown."))
        if bad:
            self.message = _("A text contains a character that cannot be stored.")
        return bool(bad)

    def page(
        self, template: str, context: Mapping[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        """The form's page; 422 when it carries errors, which htmx swaps in as well."""
        if status == 200 and not self.ok:
            status = 422
        return render(self.request, template, {"form": self, **(context or {})}, status)


def sent_json(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a page's script sent; raises Invalid for anything else."""
    try:
        sent = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        sent = None
    if not isinstance(sent, dict):
        raise Invalid("This could not be understood. Reload the page and try again.")
    return sent
