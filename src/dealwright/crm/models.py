"""Gathers the models of this system's concepts for Django."""

from dealwright.crm.accounts.models import Account, AccountContact
from dealwright.crm.activities.models import Activity, ActivityLink, ActivityParticipant
from dealwright.crm.campaigns.models import Campaign, CampaignMember
from dealwright.crm.cases.models import Case, SlaTarget
from dealwright.crm.contacts.models import Contact, ContactPoint
from dealwright.crm.forms.models import FormSubmission, WebForm
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule, Lead
from dealwright.crm.merging.models import MergeEvent
from dealwright.crm.opportunities.models import (
    Opportunity,
    OpportunityContactRole,
    OpportunityLineItem,
    OpportunityTeamMember,
    Pipeline,
    Stage,
    StageHistory,
)
from dealwright.crm.privacy.models import ErasureRequest
from dealwright.crm.products.models import PriceBook, PriceBookEntry, Product
from dealwright.crm.quotes.models import Quote, QuoteLineItem

__all__ = [
    "Account",
    "AccountContact",
    "Activity",
    "ActivityLink",
    "ActivityParticipant",
    "AssignmentMember",
    "AssignmentRule",
    "Campaign",
    "CampaignMember",
    "Case",
    "Contact",
    "ContactPoint",
    "ErasureRequest",
    "FormSubmission",
    "Lead",
    "MergeEvent",
    "Opportunity",
    "OpportunityContactRole",
    "OpportunityLineItem",
    "OpportunityTeamMember",
    "Pipeline",
    "PriceBook",
    "PriceBookEntry",
    "Product",
    "Quote",
    "QuoteLineItem",
    "SlaTarget",
    "Stage",
    "StageHistory",
    "WebForm",
]
