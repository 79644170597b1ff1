"""The short way: answers that are a range of a table's physical order, cut from its files without the SQL engine.

A row group is found by its statistics, decoded once, filtered and written as text column by column. The same ``Query``
gives the same bytes as the engine's way; whatever this way does not know, ``ShortWay.knows`` leaves to the engine.
docs/adr/0015 has the measurements.
"""

from qingliu.lake.short.way import ShortWay

__all__ = ["ShortWay"]
