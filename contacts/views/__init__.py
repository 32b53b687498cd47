"""Console pages of customers."""
