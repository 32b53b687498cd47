"""Console pages of groups."""
