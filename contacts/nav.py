"""What contacts adds to the menu and the search."""
