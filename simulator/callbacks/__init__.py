"""Encrypted callback deliveries with the vendor's retry rule."""
