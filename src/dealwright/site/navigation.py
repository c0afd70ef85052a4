"""Where everything stands in the navigation. Rooms add their own pages here.

Objects of the registry appear by their key: ``_object("leads", "lead", …)`` is hidden while
no room registers ``lead`` and from people whose profile may not see leads.
"""

from __future__ import annotations

from dealwright.base.web.navigation import Group, Link, administrators, set_navigation


def _object(slug: str, key: str, label: str, icon: str, shortcut: str = "") -> Link:
    return Link(
        key=slug, label=label, url=f"/{slug}", icon=icon, object=key, shortcut=shortcut
    )


NAVIGATION = [
    Group(
        key="top",
        label="",
        links=[
            Link(key="home", label="Home", url="/", icon="house", shortcut="h"),
        ],
    ),
    Group(
        key="sales",
        label="Sales",
        links=[
            _object("leads", "lead", "Leads", "user-plus", "l"),
            _object("opportunities", "opportunity", "Opportunities", "handshake", "o"),
            _object("accounts", "account", "Accounts", "building-2", "a"),
            _object("contacts", "contact", "Contacts", "contact", "c"),
            _object("products", "product", "Products", "package", "p"),
            _object("quotes", "quote", "Quotes", "file-text", "q"),
            _object("cases", "case", "Cases", "life-buoy"),
            _object("campaigns", "campaign", "Campaigns", "megaphone"),
        ],
    ),
    Group(key="outreach", label="Outreach", links=[]),
    Group(key="insight", label="Insight", links=[]),
    Group(key="agreements", label="Agreements", links=[]),
    Group(key="pay", label="Pay", links=[]),
]

SETTINGS = [
    Group(
        key="you",
        label="You",
        links=[
            Link(key="profile", label="Profile", url="/settings/profile", icon="user"),
        ],
    ),
    Group(key="organisation", label="Organisation", links=[]),
    Group(
        key="data",
        label="Data",
        links=[
            Link(
                key="custom-fields",
                label="Fields",
                url="/settings/fields",
                icon="text-cursor-input",
                allowed=administrators,
            ),
            Link(
                key="access",
                label="Access and sharing",
                url="/settings/access",
                icon="shield",
                allowed=administrators,
            ),
            Link(key="bin", label="Bin", url="/bin", icon="trash-2"),
        ],
    ),
]

set_navigation(NAVIGATION, SETTINGS)
