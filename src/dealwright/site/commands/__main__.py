import sys

from dealwright.site.commands.line import main

sys.exit(main())
