"""Writes of the privacy room: rules and who approves them, the restricted list, assessments, alarms; and the gate itself."""

from qingliu.privacy.actions.assess import alarm, assess
from qingliu.privacy.actions.note import tell
from qingliu.privacy.actions.policy import decide, propose, retire, seed
from qingliu.privacy.actions.quiet import check_words, quarantine
from qingliu.privacy.actions.quiet import text as quiet
from qingliu.privacy.actions.restricted import decide_list, import_list, read_list
from qingliu.privacy.actions.screen import Masking, Screened, Shown, changes_of, concerned, foresee, look, screen

__all__ = [
    "Masking",
    "Screened",
    "Shown",
    "alarm",
    "assess",
    "changes_of",
    "check_words",
    "concerned",
    "decide",
    "decide_list",
    "foresee",
    "import_list",
    "look",
    "propose",
    "quarantine",
    "quiet",
    "read_list",
    "retire",
    "screen",
    "seed",
    "tell",
]
