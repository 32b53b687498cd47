"""Analytics keeps no rows of its own: it sums those of the apps below. Rollups would stand here."""
