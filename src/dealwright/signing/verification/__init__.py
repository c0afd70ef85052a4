"""Verification of any signed PDF, ours or foreign."""
