"""What templates need to say requests in the reader's language."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from qingliu.accounts import queries as accounts
from qingliu.accounts.models import Agency
from qingliu.core.dataset import Text
from qingliu.participation.models import Answer
from qingliu.participation.rules.replying import is_code
from qingliu.web import asked
from qingliu.web.templatetags.qingliu import said

register = template.Library()
register.filter("request_kind", asked.kind_name)
register.filter("request_state", asked.state_name)
register.filter("request_clock", asked.clock_name)


@register.filter
def article(answer: Answer) -> Text:
    """The article of law that an answer cites."""
    return Text(answer.article_zh, answer.article_en)


@register.filter
def article_says(answer: Answer) -> Text:
    """What that article says."""
    return Text(answer.says_zh, answer.says_en)


@register.filter
def linked_code(link: str) -> str:
    """The dataset's code where an answer links to a dataset, else ""."""
    return link if is_code(link) else ""


@register.filter
def agency_said(agency: Agency) -> SafeString | str:
    """An agency's name in the page's language."""
    return said(Text(agency.name_zh, agency.name_en))


@register.filter
def agency_name(code: str) -> SafeString | str:
    """The name of the agency of that code, or the code where there is none any more."""
    found = accounts.agencies().filter(code=code).first()
    return agency_said(found) if found else code
