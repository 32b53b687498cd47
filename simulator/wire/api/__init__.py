"""The /cgi-bin calls by subject. Each module ends with its table of endpoints."""
