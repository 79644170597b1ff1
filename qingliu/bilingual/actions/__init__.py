"""Writes of the room: judge, learn, and what people say."""

from qingliu.bilingual.actions.judge import judge
from qingliu.bilingual.actions.words import approve, confirm_text, learn, propose_text, reject, word

__all__ = ["approve", "confirm_text", "judge", "learn", "propose_text", "reject", "word"]
