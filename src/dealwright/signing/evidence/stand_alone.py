"""The verifier of evidence packages as one file, which needs nothing of the product."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PARTS = ("vocabulary", "reading", "proofs", "der", "log", "package")  # each uses those before
_FUTURE = "from __future__ import annotations\n"
_OWN = re.compile(r"^from dealwright\.[\w.]+ import (?:\([^)]*\)|[^\n]*)\n", re.MULTILINE)
_IMPORT = re.compile(r"^(?:import|from) [^\n(]*\n", re.MULTILINE)


@lru_cache(maxsize=1)
def verifier_in_one_file() -> bytes:
    """``verify.py`` with the parts it imports in their place: a program by itself."""
    head, _, program = (_HERE / "verify.py").read_text().partition(_FUTURE)
    imports, bodies = set(), []
    for text in [*((_HERE / "verifier" / f"{part}.py").read_text() for part in _PARTS), program]:
        body = _OWN.sub("", text.rpartition(_FUTURE)[2] or text)
        imports |= set(_IMPORT.findall(body))
        bodies.append(_IMPORT.sub("", body).strip("\n"))
    found = f"{head}{_FUTURE}\n{''.join(sorted(imports))}\n\n" + "\n\n\n".join(bodies) + "\n"
    return found.encode()
