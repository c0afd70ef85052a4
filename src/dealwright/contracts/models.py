"""Gathers the models of this system's concepts for Django."""

from dealwright.contracts.agreements.models import Contract, ContractVersion
from dealwright.contracts.approvals.models import ApprovalRule, ApprovalStep
from dealwright.contracts.clauses.models import Clause, ClauseVersion
from dealwright.contracts.library.models import ContractTemplate, TemplateVersion
from dealwright.contracts.obligations.models import Obligation

__all__ = [
    "ApprovalRule",
    "ApprovalStep",
    "Clause",
    "ClauseVersion",
    "Contract",
    "ContractTemplate",
    "ContractVersion",
    "Obligation",
    "TemplateVersion",
]
