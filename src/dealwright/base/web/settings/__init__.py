"""The settings pages of the ground floor's web room."""
