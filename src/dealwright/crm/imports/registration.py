"""What importing needs to know of the CRM; called once from the system's registration."""

from dealwright.base.transfer.recipes import register_recipe
from dealwright.base.transfer.systems import register_system
from dealwright.base.transfer.writers import register_writer
from dealwright.crm.imports.maven import RECIPES
from dealwright.crm.imports.opportunities import OpportunityWriter
from dealwright.crm.imports.systems import SYSTEMS
from dealwright.crm.imports.words import register_all_words
from dealwright.crm.imports.writers import (
    AccountWriter,
    ActivityWriter,
    ContactWriter,
    LeadWriter,
    ServiceWriter,
)

register_writer("opportunity", OpportunityWriter)
register_writer("account", AccountWriter)
register_writer("contact", ContactWriter)
register_writer("lead", LeadWriter)
register_writer("activity", ActivityWriter)
for _key in ("case", "quote", "web_form"):
    register_writer(_key, ServiceWriter)
for _recipe in RECIPES:
    register_recipe(_recipe)
for _system in SYSTEMS:
    register_system(_system)
register_all_words()
