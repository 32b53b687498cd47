"""Console pages of leads."""
