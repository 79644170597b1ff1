"""The web process: the data API and Django's pages in one WSGI app, told apart by path."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qingliu.config.settings")

from django.core.wsgi import get_wsgi_application

_pages = get_wsgi_application()  # Django is set up first: wiring knows rooms with models

from qingliu.config import pace, wiring  # noqa: E402
from qingliu.config.data_api import dispatch, make_data_api, make_engine  # noqa: E402
from qingliu.core import env  # noqa: E402

_settings = env.load()
_engine = make_engine(_settings)
wiring.connect_pages(_engine)
pace.start(_settings.stream_min_bytes)
application = pace.timely(dispatch(make_data_api(_settings, _engine), _pages), at_once=_settings.web_threads // 3)
