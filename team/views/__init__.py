"""Console pages of team: Today and the staff list."""
