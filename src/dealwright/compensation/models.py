"""Gathers the models of this system's concepts for Django."""

from dealwright.compensation.acceptance.models import PlanAcceptance
from dealwright.compensation.accounting.models import (
    AccountingRun,
    AccountNumber,
    ContractCost,
    CostCentre,
    CostDecision,
    CostPolicy,
    JournalLine,
    MonthClose,
    PlanRate,
)
from dealwright.compensation.accounting.payroll_models import (
    BatchReconciliation,
    EmployeeNumber,
    PaymentDifference,
    PayrollLayout,
    PayrollReturn,
    PayrollReturnLine,
)
from dealwright.compensation.calculation.models import (
    Attainment,
    AttainmentVersion,
    CalculationRun,
    LineDigest,
    RunLine,
)
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.disputes.models import Adjustment, Dispute, DisputeMessage
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.ledger.models import PaymentBatch, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.planning.models import (
    AdoptedQuota,
    AdoptedTerritory,
    PlannedTerritory,
    PlanningChange,
    PlanningRow,
    PlanningScenario,
)
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment, PlanVersion
from dealwright.compensation.quotas.models import Quota, ReportingLine
from dealwright.compensation.simulation.models import (
    Backtest,
    BacktestPay,
    Forecast,
    ForecastFigure,
    ForecastShare,
)
from dealwright.compensation.territories.models import TerritoryHolder

__all__ = [
    "AccountNumber",
    "AccountingRun",
    "Adjustment",
    "AdoptedQuota",
    "AdoptedTerritory",
    "Attainment",
    "AttainmentVersion",
    "Backtest",
    "BacktestPay",
    "BatchReconciliation",
    "CalculationRun",
    "CompensationPlan",
    "ContractCost",
    "CostCentre",
    "CostDecision",
    "CostPolicy",
    "CreditEvent",
    "CreditSplit",
    "Dispute",
    "DisputeMessage",
    "EmployeeNumber",
    "Forecast",
    "ForecastFigure",
    "ForecastShare",
    "Hold",
    "JournalLine",
    "LineDigest",
    "MonthClose",
    "PayPeriod",
    "PaymentBatch",
    "PaymentDifference",
    "PayrollLayout",
    "PayrollReturn",
    "PayrollReturnLine",
    "PlanAcceptance",
    "PlanAssignment",
    "PlanRate",
    "PlanVersion",
    "PlannedTerritory",
    "PlanningChange",
    "PlanningRow",
    "PlanningScenario",
    "Posting",
    "Quota",
    "ReportingLine",
    "RunLine",
    "TerritoryHolder",
]
