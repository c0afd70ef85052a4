"""Payments that somebody makes on a provider's own page; card data never comes here."""
