"""What groups adds to the menu and the search."""
