"""Reads of SOPs."""
