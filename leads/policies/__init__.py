"""Pure decisions of leads: no ORM, no clock, no I/O."""
