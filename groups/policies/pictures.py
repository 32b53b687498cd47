"""Pictures that people hand in as evidence: what they are, by their bytes. Pure."""

LARGEST_MB = 5  # a screenshot of a phone has about one
LARGEST_BYTES = LARGEST_MB * 1024 * 1024


def picture_type(content: bytes) -> str:
    """ "image/png" or "image/jpeg", whatever the file is called; "" for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/jpeg" if content.startswith(b"\xff\xd8\xff") else ""
