"""Evidence: append-only hash chains, Merkle anchors over their heads, RFC 3161 time stamps."""

from dealwright.base.evidence.anchors import anchor_chains
from dealwright.base.evidence.merkle import merkle_root
from dealwright.base.evidence.services import append_entry
from dealwright.base.evidence.verification import Verification, verify_all, verify_chain

__all__ = [
    "Verification",
    "anchor_chains",
    "append_entry",
    "merkle_root",
    "verify_all",
    "verify_chain",
]
