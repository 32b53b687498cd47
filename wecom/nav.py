"""What wecom adds to the menu and the search."""
