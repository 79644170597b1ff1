"""The web process: the data API and Django's pages in one WSGI app, told apart by path."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qingliu.config.settings")

from django.core.wsgi import get_wsgi_application

from qingliu.config.data_api import dispatch, make_data_api
from qingliu.core import env

application = dispatch(make_data_api(env.load()), get_wsgi_application())
