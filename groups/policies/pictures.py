"""Pictures that people hand in as evidence: what they are, by their bytes. Pure."""

MEGABYTE = 1024 * 1024
LARGEST_BYTES = 5 * MEGABYTE  # a screenshot of a phone has about one


def picture_type(content: bytes) -> str:
    """ "image/png" or "image/jpeg", whatever the file is called; "" for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/jpeg" if content.startswith(b"\xff\xd8\xff") else ""
