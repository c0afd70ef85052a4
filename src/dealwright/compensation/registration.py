"""What compensation brings to the house: events, a panel on deals, who may read payroll files."""

from dealwright.base.files import register_file_access
from dealwright.base.objects.registry import Panel, add_panel
from dealwright.base.web.home import add_card
from dealwright.compensation.acceptance import events as _acceptance  # noqa: F401  publishes
from dealwright.compensation.acceptance import jobs as _acceptance_jobs  # noqa: F401  makes known
from dealwright.compensation.access import manages_pay
from dealwright.compensation.accounting import events as _accounting  # noqa: F401  publishes
from dealwright.compensation.bookings import jobs as _jobs  # noqa: F401  makes the job known
from dealwright.compensation.bookings.queries import opportunity_panel
from dealwright.compensation.calculation import events as _calculation  # noqa: F401  publishes
from dealwright.compensation.disputes import jobs as _dispute_jobs  # noqa: F401  makes known
from dealwright.compensation.disputes.queries import may_see_dispute
from dealwright.compensation.disputes.services import DISPUTE
from dealwright.compensation.holds import events as _holds  # noqa: F401  publishes
from dealwright.compensation.holds import jobs as _hold_jobs  # noqa: F401  makes the job known
from dealwright.compensation.ledger.payroll import PAYROLL
from dealwright.compensation.periods import events as _periods  # noqa: F401  publishes
from dealwright.compensation.planning import events as _planning  # noqa: F401  publishes
from dealwright.compensation.simulation import jobs as _simulation  # noqa: F401  makes jobs known
from dealwright.compensation.simulation.queries import estimate_panel
from dealwright.compensation.statements.card import PAY_CARD

register_file_access(
    DISPUTE,
    lambda actor, stored: may_see_dispute(actor, stored.record_id),
    system="compensation",
)
register_file_access(PAYROLL, lambda actor, stored: manages_pay(actor.user), system="compensation")

add_card(PAY_CARD)
add_panel(
    "opportunity",
    Panel(
        key="commission",
        label="Commission",
        template="compensation/bookings/panel.html",
        query=opportunity_panel,
        position=80,
    ),
)
add_panel(
    "opportunity",
    Panel(
        key="commission-estimate",
        label="What it would pay",
        template="compensation/simulation/panel.html",
        query=estimate_panel,
        position=81,
    ),
)
