"""What team adds to the menu and the search."""
