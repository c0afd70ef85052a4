"""The home page and what the site itself puts on it."""
