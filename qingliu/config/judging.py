"""Judges by the register of standards and in both languages whatever was published or declared anew; run by the queue."""

from __future__ import annotations

import logging
from dataclasses import replace

from django.conf import settings

from qingliu.bilingual import jobs as bilingual
from qingliu.catalog import conformance
from qingliu.config.data_api import make_engine
from qingliu.core.errors import QingliuError
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published

log = logging.getLogger("qingliu.worker")
TOPICS = (conformance.TOPIC, "bilingual")
DEADLINE_S = 120.0  # a judge reads whole datasets; nobody waits for it


def due() -> bool:
    """Whether any dataset is to be judged."""
    published = Published(LakePaths(settings.QINGLIU.home).published_db)
    return any(conformance.due(published, topic) for topic in TOPICS)


def judge_due() -> int:
    """Judge what is due by either judge; how many judgements were published. One dataset that fails stops no other."""
    engine = make_engine(replace(settings.QINGLIU, deadline_s=DEADLINE_S))
    done = 0
    try:
        for code in conformance.due(engine.published, conformance.TOPIC):
            try:
                done += len(conformance.publish([code], engine))
            except QingliuError as error:
                log.warning("%s was not judged by the standards: %s", code, error)
        late = conformance.due(engine.published, "bilingual")
        if late:
            done += bilingual.judge(engine, late)
    finally:
        engine.close()
    return done
