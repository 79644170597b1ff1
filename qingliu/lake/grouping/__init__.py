"""Groups, time buckets and aggregates of a question: its columns, its SQL, and the rules they rest on."""

from qingliu.lake.grouping.answer import fields, mixed_by
from qingliu.lake.grouping.build import sql
from qingliu.lake.grouping.clock import BUCKETS, offset
from qingliu.lake.grouping.measured import is_promised, pinned
from qingliu.lake.grouping.told import told

__all__ = ["BUCKETS", "fields", "is_promised", "mixed_by", "offset", "pinned", "sql", "told"]
