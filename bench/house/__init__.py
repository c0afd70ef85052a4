"""The house measured on a large company; ``python -m bench.house --help``."""
