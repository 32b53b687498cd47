"""Start Qunce on one machine: dependencies, engines, the demo.

Only the standard library is used here, because this package runs before any
dependency is installed.
"""
