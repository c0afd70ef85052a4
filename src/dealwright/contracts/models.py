"""Gathers the models of this system's concepts for Django."""
