"""The command line: ``bin/dealwright [--data-dir DIR] [--json] COMMAND``."""
