"""Every call to WeCom: one client, its tokens, limits, turns and breaker, and what its answers make us do."""
