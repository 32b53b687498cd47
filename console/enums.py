"""Fixed values of the console."""

PAGE_SIZES = (25, 50, 100)
EXPORT_SLICE = 1_000  # rows of a file that are read at once
WORKBOOK_ROWS_MAX = 50_000  # a workbook is made in memory before its first byte goes out
SEARCH_HITS_MAX = 5
VIEW_NAME_MAX = 24
