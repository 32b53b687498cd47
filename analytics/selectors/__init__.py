"""Reads for dashboards. Sums are made in SQL, set-wise, over the tables of the apps below."""
