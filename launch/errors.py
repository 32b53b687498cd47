"""The one error of this package."""


class LaunchError(Exception):
    """One line that says what is wrong and what to do. Printed as it is, without a traceback."""
