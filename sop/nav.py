"""What sop adds to the menu and the search."""
