"""Ways to change a signed PDF, after the published attacks: each makes a changed file.

Incremental saving, signature wrapping, universal forgery (Mladenov, Mainka, Meyer zu
Selhausen, Grothe, Schwenk, CCS 2019); shadow attacks (NDSS 2021); evil annotations and sneaky
signatures on certified files (IEEE S&P 2021); and what else bytes allow.
"""

# In the order of the papers: each module adds its own to ATTACKS.
from signing.verification.attacks import saving, wrapping, shadows, on_certified, content  # isort: skip
from signing.verification.attacks.base import ATTACKS, bases, signed

__all__ = ["ATTACKS", "bases", "content", "on_certified", "saving", "shadows", "signed", "wrapping"]
