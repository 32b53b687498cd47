"""Writes, by subject."""
