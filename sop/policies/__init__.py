"""Pure decisions of SOPs: no database, no clock, no I/O."""
