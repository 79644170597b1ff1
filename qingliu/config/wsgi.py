"""The web process: the data API and Django's pages in one WSGI app, told apart by path."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qingliu.config.settings")

from django.core.wsgi import get_wsgi_application

from qingliu.config import pace, wiring
from qingliu.config.data_api import dispatch, make_data_api, make_engine
from qingliu.core import env

_settings = env.load()
_engine = make_engine(_settings)
_pages = get_wsgi_application()
wiring.connect_pages(_engine)
pace.start(_settings.stream_min_bytes)
application = pace.timely(dispatch(make_data_api(_settings, _engine), _pages), at_once=_settings.web_threads // 3)
