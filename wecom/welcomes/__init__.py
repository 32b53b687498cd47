"""The welcome of a new customer."""
