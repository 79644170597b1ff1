"""Every text of the pages exists in English, and says the same things."""

from __future__ import annotations

import re

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tests.web.messages import PACKAGE, in_context, marked

FOLDER = PACKAGE / "locale" / "en" / "LC_MESSAGES"
HAN = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
PLACE = re.compile(r"%\(\w+\)s")


def test_every_marked_text_has_an_english_wording_and_none_is_left_over() -> None:
    with (FOLDER / "django.po").open("rb") as file:
        said = {in_context(m.context, str(m.id)) if m.context else m.id: m for m in read_po(file) if m.id}
    texts = marked()
    assert len(texts) > 250
    known = {*said, *(k[0] for k in said if isinstance(k, tuple))}  # gettext reads the singular of a plural too
    assert {k: v for k, v in texts.items() if k not in known} == {}
    assert [k for k in said if k not in texts] == []
    for key, message in said.items():
        wordings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(wordings), key
        assert not message.fuzzy, key
        assert not any(HAN.search(w) for w in wordings), key
        forms = key if isinstance(key, tuple) else (key,)
        for form, wording in zip(forms, wordings, strict=True):
            assert set(PLACE.findall(wording)) == set(PLACE.findall(form)), key


def plain(catalogue: Catalog) -> dict[str, str]:
    return {str(m.id if isinstance(m.id, str) else list(m.id)): str(list(m.string)) for m in catalogue if m.id}


def test_compiled_catalogue_is_that_of_the_source() -> None:
    with (FOLDER / "django.po").open("rb") as source, (FOLDER / "django.mo").open("rb") as compiled:
        assert plain(read_po(source)) == plain(read_mo(compiled))
