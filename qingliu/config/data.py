"""The data API as an app of its own: any number of nodes that share the lake may run it, Django is not needed."""

from __future__ import annotations

from qingliu.config.data_api import make_data_api
from qingliu.core import env

application = make_data_api(env.load())
