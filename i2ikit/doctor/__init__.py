"""Checks a machine: what is installed, and which known problems occur on it."""
