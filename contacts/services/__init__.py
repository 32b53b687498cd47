"""Writes of customers: who they are, what they did, what they bought, what may reach them."""
