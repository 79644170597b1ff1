"""Readers: the bytes of a delivery → rows of raw text, with every name and line kept for quarantine."""

from qingliu.pipeline.readers.dispatch import read

__all__ = ["read"]
