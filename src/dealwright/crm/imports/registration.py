"""What importing needs to know of the CRM; called once from the system's registration."""

from dealwright.base.transfer.recipes import register_recipe
from dealwright.base.transfer.writers import register_writer
from dealwright.crm.imports.maven import RECIPES
from dealwright.crm.imports.opportunities import OpportunityWriter

register_writer("opportunity", OpportunityWriter)
for _recipe in RECIPES:
    register_recipe(_recipe)
