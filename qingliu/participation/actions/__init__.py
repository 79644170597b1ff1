"""Writes of requests: taking them in, dispatching, answering, hiding, the grounds of refusal."""

from qingliu.participation.actions.answer import answer
from qingliu.participation.actions.grounds import put_ground, retire_ground
from qingliu.participation.actions.handle import dispatch, hide, show
from qingliu.participation.actions.publish import publish_note
from qingliu.participation.actions.submit import submit

__all__ = ["answer", "dispatch", "hide", "publish_note", "put_ground", "retire_ground", "show", "submit"]
