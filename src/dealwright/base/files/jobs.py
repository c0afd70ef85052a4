"""What happens to files by itself."""

from __future__ import annotations

from dealwright.base.files.upkeep import sweep_files
from dealwright.base.jobs import every


@every(name="files.sweep", days=1)
def sweep() -> None:
    """Erase content nobody refers to and what was in the bin for 30 days."""
    sweep_files()
