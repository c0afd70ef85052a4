"""What contracts bring to the house: object types, panels, jobs. Imported once at start."""

from dealwright.base.files.panel import attachments_panel
from dealwright.base.objects.registry import Action, Panel, add_action, add_panel, register
from dealwright.base.web.home import add_card
from dealwright.contracts.agreements.object import CONTRACT
from dealwright.contracts.agreements.panels import ACTIONS, PANELS
from dealwright.contracts.approvals.card import APPROVALS_CARD
from dealwright.contracts.clauses.object import CLAUSE
from dealwright.contracts.clauses.panels import CLAUSE_PANELS
from dealwright.contracts.library.object import CONTRACT_TEMPLATE
from dealwright.contracts.library.panels import TEMPLATE_TEXT
from dealwright.contracts.obligations import jobs as _jobs  # noqa: F401  makes the schedule known
from dealwright.contracts.obligations.object import OBLIGATION
from dealwright.signing.envelopes.queries import subject_panel
from dealwright.signing.panels import add_signatures
from dealwright.signing.redlines.queries import text_stands_elsewhere

for each in (CONTRACT, OBLIGATION, CONTRACT_TEMPLATE, CLAUSE):
    register(each)
for panel in PANELS:
    add_panel("contract", panel)
for action in ACTIONS:
    add_action("contract", action)
add_panel("contract", attachments_panel("contract"))
add_card(APPROVALS_CARD)
add_panel(
    "contract",
    Panel(
        key="signatures",
        label="Signatures",
        template="signing/envelopes/subject_panel.html",
        query=subject_panel("contract", may_send=False),
        position=20,
    ),
)
add_panel("contract_template", TEMPLATE_TEXT)
add_action(
    "contract_template",
    Action(
        key="text",
        label="Edit text",
        url=lambda record_id: f"/contract-templates/{record_id}/text",
        primary=True,
        for_writers=True,
    ),
)
add_action(
    "contract_template",
    Action(
        key="collect",
        label="Put clauses into the library",
        url=lambda record_id: f"/contract-templates/{record_id}/collect",
        for_writers=True,
    ),
)
for panel in CLAUSE_PANELS:
    add_panel("clause", panel)
add_action(
    "clause",
    Action(
        key="text",
        label="Write a new version",
        url=lambda record_id: f"/clauses/{record_id}/text",
        primary=True,
        for_writers=True,
    ),
)
add_action(
    "quote",
    Action(
        key="contract",
        label="Create contract",
        url=lambda record_id: f"/quotes/{record_id}/contract",
        available=lambda user, row: row.get("status") not in ("rejected", "replaced"),
    ),
)
add_action(
    "opportunity",
    Action(
        key="contract",
        label="Create contract",
        url=lambda record_id: f"/opportunities/{record_id}/contract",
        available=lambda user, row: row.get("status") == "open",
    ),
)
# Accounts, deals and offers can be sent for signature without a contract, too.
text_stands_elsewhere("contract")
add_signatures("account")
add_signatures("opportunity")
add_signatures("quote")
