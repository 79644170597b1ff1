"""Explore: a question in an address becomes an API call, its rows a chart, a table and words. docs/reference/explore.md."""
