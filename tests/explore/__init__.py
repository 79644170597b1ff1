"""Explore pages and their charts."""
