"""Tables of the customers pages."""
