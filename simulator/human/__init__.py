"""What people do: OAuth consent, JSON endpoints under /sim and the phone pages."""
