"""What content adds to the menu and the search."""
