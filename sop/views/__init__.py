"""Console pages of SOPs."""
