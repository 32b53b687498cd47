"""Does everything work, and if not, what to do: the figures behind Settings, Operations and the platform's page."""
