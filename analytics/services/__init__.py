"""What analytics writes: why people bought, and the figures of each day."""
