"""Pure decisions about customers: no ORM, no clock, no I/O."""
