"""A WeCom that speaks the real wire, for development, demos and tests.

It runs as its own process. Product code never imports it and it never imports product code: the
two meet over HTTP only, as the product would meet the real vendor.
"""
