"""What a process loads once and keeps."""

from __future__ import annotations

import atexit
import gc


def keep_what_is_loaded() -> None:
    """Leave out what is loaded by now whenever Python looks for dead objects later.

    Half a million objects of code and models live as long as the process; to look through them
    again and again took a sixth of an import's time, and forked processes share memory only as
    long as nobody touches it.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # or libraries with a census of their objects call them leaked
