"""What goes out over WeCom: the river of sends, the mass-send limit, and what waits for a person."""
