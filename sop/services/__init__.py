"""Writes of SOPs: templates and versions, runs, the dispatcher, what staff report back."""
