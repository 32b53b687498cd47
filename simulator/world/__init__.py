"""The simulated corps and the state machines that change them."""
