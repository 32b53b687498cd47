"""Views of the console: the public ones, the frame, settings."""
