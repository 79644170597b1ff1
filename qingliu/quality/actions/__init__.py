"""Writes of the quality room: judging, contests, what the office decides, links outside, official figures."""

from qingliu.quality.actions.contest import contest, decide
from qingliu.quality.actions.forget import forget
from qingliu.quality.actions.judge import judge, judge_all
from qingliu.quality.actions.links import check_links
from qingliu.quality.actions.office import add_edition, end_white_listing, white_list
from qingliu.quality.actions.official import import_official, reconcile, seed_official

__all__ = [
    "add_edition",
    "check_links",
    "contest",
    "decide",
    "end_white_listing",
    "forget",
    "import_official",
    "judge",
    "judge_all",
    "reconcile",
    "seed_official",
    "white_list",
]
