"""Qingliu 清流: open data from an agency's messy files to every dialect its clients speak."""

__version__ = "0.1.0"
