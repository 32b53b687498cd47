"""Fixed values of the console."""

PAGE_SIZES = (25, 50, 100)
EXPORT_ROWS_MAX = 50_000
SEARCH_HITS_MAX = 5
VIEW_NAME_MAX = 24
