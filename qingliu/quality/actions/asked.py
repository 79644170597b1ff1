"""What the writes of this room ask of a caller's words: a reason, a known indicator, a known dataset."""

from __future__ import annotations

from qingliu.catalog import queries as catalogue
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.quality.rules.editions import INDICATORS


def require_reason(reason: str, parameter: str = "reason") -> str:
    """The reason, trimmed. Raises BadRequest where there is none."""
    if not reason.strip():
        raise BadRequest(
            Text("必須說明理由。", "A reason is required."),
            Text("請寫明理由；理由會公開。", "Write the reason; it is published."),
            parameter=parameter,
        )
    return reason.strip()


def require_indicator(name: str) -> str:
    """The indicator. Raises BadRequest naming the seven."""
    if name not in INDICATORS:
        raise BadRequest(
            Text(f"沒有指標「{name[:40]}」。", f"There is no indicator '{name[:40]}'."),
            Text(f"指標：{'、'.join(INDICATORS)}。", f"The indicators are: {', '.join(INDICATORS)}."),
            parameter="indicator",
        )
    return name


def known(code: str) -> tuple[str, str]:
    """(code as it is written, agency's code) of a dataset or a listed entry. Raises NotFound."""
    line = catalogue.listed().filter(code=code).first()
    if line is not None and not catalogue.datasets().filter(code=code).exists():
        return line.code, line.agency.code
    row = catalogue.dataset(code)
    return row.code, row.agency.code
