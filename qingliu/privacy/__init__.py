"""Decides what of a row may be shown, and to whom the rest is known."""
