"""Views of the WeCom door: the callback, the set-up page, the inbox."""
