"""The data API as an app of its own: any number of nodes that share the lake may run it, Django is not needed."""

from __future__ import annotations

from qingliu.config import pace
from qingliu.config.data_api import make_data_api
from qingliu.core import env

_settings = env.load()
pace.start(_settings.stream_min_bytes)
application = pace.timely(make_data_api(_settings), at_once=_settings.web_threads // 3)
