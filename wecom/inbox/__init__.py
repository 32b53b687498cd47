"""What WeCom and tenants' own systems send us: received, stored once, processed in order."""
