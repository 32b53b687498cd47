"""Radar links for visitors, scripts for the console."""
