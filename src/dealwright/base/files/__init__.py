"""Files, encrypted at rest: kept with ``store_file``, seen through the record they belong to."""

from dealwright.base.files.access import get_file, register_file_access
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import (
    attach_file,
    delete_file,
    iterate_file,
    read_file,
    restore_file,
    store_file,
)
from dealwright.base.files.upkeep import rotate_master_key

__all__ = [
    "StoredFile",
    "attach_file",
    "delete_file",
    "get_file",
    "iterate_file",
    "read_file",
    "register_file_access",
    "restore_file",
    "rotate_master_key",
    "store_file",
]
