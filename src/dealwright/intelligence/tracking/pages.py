"""The collector's two public addresses: the snippet and where it sends to."""

from __future__ import annotations

from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from dealwright.base.errors import Invalid
from dealwright.intelligence.tracking.collector import collect

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
        )
    except Invalid as error:
        return HttpResponse(error.message, status=422, content_type="text/plain", headers=headers)
    return HttpResponse(status=204, headers=headers)


@require_GET
@cache_control(public=True, max_age=3600)
def snippet(request: HttpRequest) -> HttpResponse:
    """The tracker, small enough to read: it does nothing before it is allowed to."""
    return HttpResponse(
        SNIPPET.replace("__ADDRESS__", f"{settings.PUBLIC_URL}/e"),
        content_type="text/javascript; charset=utf-8",
        headers={"Access-Control-Allow-Origin": "*"},
    )


# Consent comes from the page: <script src=".../t.js" data-consent="granted">, or a later call of
# dealwright.consent(). The id lives in first-party storage of the page that carries the snippet.
SNIPPET = """(function () {
  "use strict";
  var script = document.currentScript;
  var address = script && script.src ? script.src.replace(/t\\.js.*$/, "e") : "__ADDRESS__";
  if (navigator.globalPrivacyControl || navigator.doNotTrack === "1") return;
  function id() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (b) {
      return b.toString(16).padStart(2, "0");
    }).join("");
  }
  function visitor() {
    var match = document.cookie.match(/(?:^|; )dw_visitor=([A-Za-z0-9_-]{16,64})/);
    var value = match ? match[1] : id();
    document.cookie = "dw_visitor=" + value + "; Path=/; Max-Age=33696000; SameSite=Lax" +
      (location.protocol === "https:" ? "; Secure" : "");
    return value;
  }
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
  window.dealwright = { consent: page, page: page };
  if (script && script.dataset.consent === "granted") page();
})();
"""
