"""The collector's two public addresses: the snippet and where it sends to."""

from __future__ import annotations

from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from dealwright.base.errors import Invalid, NotAllowed
from dealwright.intelligence.tracking.collector import collect
from dealwright.intelligence.tracking.settings import tracking_settings

LARGEST = 64 * 1024


@csrf_exempt
def take_batch(request: HttpRequest) -> HttpResponse:
    """Take visits from any site that carries the snippet; answers 204, or 422 with a sentence."""
    headers = {
        "Access-Control-Allow-Origin": request.headers.get("Origin", "*"),
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Allow-Methods": "POST",
        "Vary": "Origin",
    }
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=headers)
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST, OPTIONS"})
    try:
        if len(request.body) > LARGEST:
            raise Invalid("The batch is larger than 64 kB.")
        payload = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return HttpResponse("The batch is not JSON.", status=422, content_type="text/plain")
    except Invalid as error:
        return HttpResponse(error.message, status=422, content_type="text/plain")
    opted_out = request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"
    try:
        collect(
            payload,
            user_agent=request.headers.get("User-Agent", ""),
            opted_out=opted_out,
            own_host=urlsplit(settings.PUBLIC_URL).hostname or "",
            origin=request.headers.get("Origin", ""),
        )
    except NotAllowed as error:
        return HttpResponse(error.message, status=403, content_type="text/plain", headers=headers)
    except Invalid as error:
        return HttpResponse(error.message, status=422, content_type="text/plain", headers=headers)
    return HttpResponse(status=204, headers=headers)


@require_GET
@cache_control(public=True, max_age=3600)
def snippet(request: HttpRequest) -> HttpResponse:
    """The tracker, small enough to read: it does nothing before it is allowed to."""
    stored = tracking_settings()
    script = SNIPPET if stored.is_on else SWITCHED_OFF
    seconds = stored.keep_days * 24 * 60 * 60
    return HttpResponse(
        script.replace("__ADDRESS__", f"{settings.PUBLIC_URL}/e").replace("__AGE__", str(seconds)),
        content_type="text/javascript; charset=utf-8",
        headers={"Access-Control-Allow-Origin": "*"},
    )


# Pages with the script may call these at any time; switched off they do nothing.
SWITCHED_OFF = """window.dealwright = {
  consent: function () {}, page: function () {}, forget: function () {}
};
"""

# Consent comes from the page: <script src=".../t.js" data-consent="granted">, or a later call of
# dealwright.consent(); it holds until dealwright.forget() or until the cookie ends. The id lives
# in first-party storage of the page that carries the snippet.
SNIPPET = """(function () {
  "use strict";
  var script = document.currentScript;
  var address = script && script.src ? script.src.replace(/t\\.js.*$/, "e") : "__ADDRESS__";
  function none() {}
  window.dealwright = { consent: none, page: none, forget: none };
  if (navigator.globalPrivacyControl || navigator.doNotTrack === "1") return;
  function id() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (b) {
      return b.toString(16).padStart(2, "0");
    }).join("");
  }
  function known() {
    var match = document.cookie.match(/(?:^|; )dw_visitor=([A-Za-z0-9_-]{16,64})/);
    return match ? match[1] : "";
  }
  function keep(value, seconds) {
    document.cookie = "dw_visitor=" + value + "; Path=/; Max-Age=" + seconds + "; SameSite=Lax" +
      (location.protocol === "https:" ? "; Secure" : "");
    return value;
  }
  function visitor() { return keep(known() || id(), __AGE__); }
  function forget() { keep("", 0); }
  function page() {
    var h = id();
    var uuid = [h.slice(0, 8), h.slice(8, 12), "4" + h.slice(13, 16), "8" + h.slice(17, 20),
      h.slice(20)].join("-");
    var batch = JSON.stringify({ visitor: visitor(), sent_at: Date.now(), events: [{
      id: uuid, name: "page", at: Date.now(), url: location.href, referrer: document.referrer,
      title: document.title }] });
    if (!navigator.sendBeacon || !navigator.sendBeacon(address, batch))
      fetch(address, { method: "POST", body: batch, keepalive: true, mode: "no-cors" });
  }
  function next() { if (known()) page(); }
  window.dealwright = { consent: page, page: next, forget: forget };
  if (known() || (script && script.dataset.consent === "granted")) page();
})();
"""
