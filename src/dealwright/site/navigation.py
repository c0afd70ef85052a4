"""Where everything stands in the navigation. Rooms add their own pages here.

Objects of the registry appear by their key: ``_object("leads", "lead", …)`` is hidden while
no room registers ``lead`` and from people whose profile may not see leads.
"""

from __future__ import annotations

from dealwright.base.web.navigation import Group, Link, administrators, set_navigation


def _object(slug: str, key: str, label: str, icon: str, shortcut: str = "") -> Link:
    return Link(key=slug, label=label, url=f"/{slug}", icon=icon, object=key, shortcut=shortcut)


def _admin(key: str, label: str, url: str, icon: str) -> Link:
    return Link(key=key, label=label, url=url, icon=icon, allowed=administrators)


NAVIGATION = [
    Group(
        key="top",
        label="",
        links=[
            Link(key="home", label="Home", url="/", icon="house", shortcut="h"),
            Link(key="tasks", label="Tasks", url="/tasks", icon="list-checks", shortcut="t"),
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
    Group(
        key="outreach",
        label="Outreach",
        links=[
            _object("sequences", "sequence", "Sequences", "list-ordered", "s"),
            _object("enrollments", "enrollment", "Enrollments", "user-check"),
            Link(key="outbox", label="Outbox", url="/outbox", icon="send"),
            Link(key="leaderboard", label="Leaderboard", url="/leaderboard", icon="trophy"),
            _object("plays", "play", "Playbooks", "book-open"),
        ],
    ),
    Group(
        key="insight",
        label="Insight",
        links=[
            Link(
                key="reports",
                label="Reports",
                url="/reports/win-rate",
                icon="chart-column",
                also=["/reports/pipeline", "/reports/funnel"],
                object="opportunity",
            ),
            Link(
                key="forecast",
                label="Forecast",
                url="/forecast",
                icon="chart-line",
                shortcut="f",
                object="opportunity",
            ),
            Link(
                key="attribution",
                label="Attribution",
                url="/reports/attribution",
                icon="chart-pie",
                object="opportunity",
            ),
            Link(key="scorecard", label="Scorecard", url="/scorecard", icon="gauge", object="lead"),
            _object("segments", "segment", "Segments", "users"),
        ],
    ),
    Group(
        key="agreements",
        label="Agreements",
        links=[
            _object("contracts", "contract", "Contracts", "scroll-text", "k"),
            Link(key="to-sign", label="To sign", url="/to-sign", icon="pen-line", shortcut="i"),
            Link(key="approvals", label="Approvals", url="/approvals", icon="stamp"),
            _object("obligations", "obligation", "Obligations", "calendar-check"),
            _object("envelopes", "envelope", "Signatures", "signature", "e"),
            _object("signing-templates", "signing_template", "Signing templates", "file-signature"),
            _object("contract-templates", "contract_template", "Templates", "file-pen"),
            _object("clauses", "clause", "Clauses", "book-text"),
        ],
    ),
    Group(
        key="pay",
        label="Pay",
        links=[
            Link(key="pay", label="Compensation", url="/compensation", icon="coins", shortcut="m"),
        ],
    ),
]

SETTINGS = [
    Group(
        key="you",
        label="You",
        links=[
            Link(key="profile", label="Profile", url="/settings/profile", icon="user"),
            Link(
                key="security",
                label="Security",
                url="/me/2fa/",
                icon="lock",
                also=["/me/password/", "/me/email/", "/me/3rdparty/"],
            ),
            Link(key="sessions", label="Sessions", url="/me/sessions/", icon="monitor"),
            Link(key="tokens", label="API tokens", url="/settings/tokens", icon="key-round"),
            Link(key="delegation", label="Stand-in", url="/settings/delegation", icon="users"),
        ],
    ),
    Group(
        key="organisation",
        label="Organisation",
        links=[
            _admin("company", "Company", "/settings/company", icon="building"),
            _admin("users", "Users", "/settings/users", icon="users"),
            _admin("roles", "Roles", "/settings/roles", icon="network"),
            _admin("teams", "Teams", "/settings/teams", icon="users-round"),
            Link(
                key="signing-groups",
                label="Signing groups",
                url="/settings/signing-groups",
                icon="signature",
                allowed=lambda user: user.profile in ("administrator", "legal"),
            ),
            _admin("signing", "Signing", "/settings/signing", icon="signature"),
            _admin("payments", "Payments", "/settings/payments", icon="credit-card"),
            Link(
                key="consent-texts",
                label="What signers agree to",
                url="/settings/consent",
                icon="file-text",
                allowed=lambda user: user.profile in ("administrator", "legal"),
            ),
            _admin("seal", "Seal", "/settings/seal", icon="signature"),
            _admin(
                "embedded-signing", "Embedded signing", "/settings/embedded-signing", icon="globe"
            ),
            _admin("calendars", "Working time", "/settings/calendars", icon="calendar"),
            Link(
                key="rates",
                label="Exchange rates",
                url="/settings/rates",
                icon="arrow-left-right",
                allowed=lambda user: user.profile in ("administrator", "finance"),
            ),
            _admin("identity", "Single sign-on", "/settings/identity", icon="log-in"),
        ],
    ),
    Group(
        key="connections",
        label="Connections",
        links=[
            Link(
                key="webhooks",
                label="Webhooks",
                url="/settings/webhooks",
                icon="webhook",
                also=["/settings/webhook-messages"],
            ),
            _admin("tracking", "Tracking", "/settings/tracking", icon="radar"),
            _admin("events", "Events", "/settings/events", icon="activity"),
            _admin("background", "Background work", "/settings/jobs", icon="cog"),
        ],
    ),
    Group(
        key="messages",
        label="Messages",
        links=[
            Link(
                key="mail",
                label="Mail and SMS",
                url="/settings/mail",
                icon="mail",
                allowed=administrators,
            ),
            _object("message-templates", "message_template", "Templates", "file-pen"),
            Link(
                key="suppression",
                label="Do not write",
                url="/settings/suppression",
                icon="mail-x",
                allowed=administrators,
            ),
        ],
    ),
    Group(
        key="selling",
        label="Selling",
        links=[
            _admin("pipelines", "Pipelines", "/settings/pipelines", icon="kanban"),
            Link(
                key="assignment",
                label="Lead assignment",
                url="/settings/assignment",
                icon="shuffle",
                allowed=lambda user: user.profile in ("administrator", "manager"),
            ),
            _object("web-forms", "web_form", "Web forms", "clipboard-list"),
            _object("signing-forms", "signing_form", "Signing forms", "clipboard-list"),
            _object("price-books", "price_book", "Price books", "tags"),
            _admin("promises", "Promises on cases", "/settings/promises", icon="timer"),
            Link(
                key="approval-rules",
                label="Approval rules",
                url="/settings/approvals",
                icon="shield-check",
                allowed=lambda user: user.profile in ("administrator", "legal"),
            ),
        ],
    ),
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
            Link(
                key="evidence",
                label="Evidence",
                url="/evidence",
                icon="shield-check",
                allowed=administrators,
            ),
            _admin("controls", "Controls", "/settings/controls", icon="shield-check"),
            Link(
                key="retention",
                label="Retention",
                url="/settings/retention",
                icon="archive",
                allowed=lambda user: user.profile in ("administrator", "legal"),
            ),
            Link(key="import", label="Import", url="/import", icon="upload"),
            Link(key="bin", label="Bin", url="/bin", icon="trash-2"),
        ],
    ),
]

set_navigation(NAVIGATION, SETTINGS)
