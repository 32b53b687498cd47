"""What leads adds to the menu and the search."""
