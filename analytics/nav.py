"""What analytics adds to the menu and the search."""
