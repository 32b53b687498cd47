"""What console adds to the menu and the search."""
