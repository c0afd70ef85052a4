"""Django's own commands: ``python -m dealwright.site migrate``."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealwright.site.settings")
execute_from_command_line(["dealwright", *sys.argv[1:]])
