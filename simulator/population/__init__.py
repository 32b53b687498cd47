"""People with habits who live through a camp by a seed."""
