"""Limits that are told: who asks, how much that caller may still ask, and what is said when it is too much."""
