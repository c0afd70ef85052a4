"""From UTM marks and referrer to a channel. Without Django, so that it can be tested alone."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

# Mediums as Google Analytics' default channel grouping uses them (support.google.com/analytics
# answer 9756891), reduced to our channels.
PAID = ("cpc", "ppc", "paid", "paidsearch", "paid-search", "cpm", "cpv", "display", "retargeting")
SOCIAL = ("social", "social-network", "social-media", "sm", "paid-social")
EMAIL = ("email", "e-mail", "newsletter", "mail")
SEARCH_HOSTS = (
    "google.",
    "bing.",
    "duckduckgo.",
    "ecosia.",
    "yahoo.",
    "baidu.",
    "yandex.",
    "qwant.",
)
SOCIAL_HOSTS = (
    "linkedin.", "facebook.", "twitter.", "t.co", "x.com", "instagram.", "youtube.", "reddit.",
    "mastodon.", "xing.", "tiktok.",
)  # fmt: skip


def channel_of_visit(utm: Mapping[str, str], referrer: str, own_host: str = "") -> str:
    """The channel of a visit: its UTM medium decides, then its referrer, else it is direct."""
    medium = utm.get("utm_medium", "").strip().casefold()
    if medium in PAID:
        return "paid"
    if medium in SOCIAL:
        return "social"
    if medium in EMAIL:
        return "email"
    if medium in ("organic", "search"):
        return "search"
    if medium in ("referral", "partner", "affiliate"):
        return "referral"
    if medium or utm.get("utm_campaign") or utm.get("utm_source"):
        return "campaign"
    host = _host(referrer)
    if not host or host == own_host:
        return "direct"
    if any(host.startswith(name) or f".{name}" in f".{host}" for name in SEARCH_HOSTS):
        return "search"
    if any(host.startswith(name) or f".{name}" in f".{host}" for name in SOCIAL_HOSTS):
        return "social"
    return "referral"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
