"""Who is logged in, and where they may go."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.urls import reverse

from qingliu.accounts.queries import actor
from qingliu.web.places import Place, places, role_name

register = template.Library()


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in: name, roles in words, and the places open to them."""

    name: str
    roles: tuple[str, ...]
    places: tuple[Place, ...]
    at_account: bool


@register.simple_tag(takes_context=True)
def signed_in(context: template.Context) -> Person:
    """The person of this request."""
    request = context["request"]
    who = actor(request.user)
    at_account = request.path.startswith(reverse("mfa_index"))
    return Person(request.user.get_username(), tuple(map(role_name, who.roles)), places(who, request.path), at_account)
