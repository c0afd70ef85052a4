"""Dealwright: one self-hosted revenue platform on one data model."""

__version__ = "0.1.0"
