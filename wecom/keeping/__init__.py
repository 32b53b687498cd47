"""What we keep at WeCom under ids of its own: codes, welcome templates, media."""
