"""Reading a corp: the set-up check, the first and the nightly reading, and how far they are."""
