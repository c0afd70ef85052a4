"""Finding records of any object; see ``queries``."""

from dealwright.base.search.queries import Hit, holds_words, search

__all__ = ["Hit", "holds_words", "search"]
