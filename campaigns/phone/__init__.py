"""Pages on the phones of members: one door, and one page for each kind of play."""
