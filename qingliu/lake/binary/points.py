"""Points for GeoParquet 1.1: well-known binary from two columns of degrees, their boxes, and the footer's ``geo`` text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

BOX = pa.struct([(side, pa.float64()) for side in ("xmin", "ymin", "xmax", "ymax")])
_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])  # 21 bytes, nothing between them


class Points:
    """Turns longitudes and latitudes into geometry, and remembers how far they reach."""

    def __init__(self, taken: Sequence[str]) -> None:
        self.geometry = _free("geometry", taken)
        self.box = _free("bbox", (*taken, self.geometry))
        self._reach: tuple[float, float, float, float] | None = None

    @property
    def fields(self) -> tuple[pa.Field, pa.Field]:
        """The two columns that points become."""
        return pa.field(self.geometry, pa.binary()), pa.field(self.box, BOX)

    def columns(self, lon: pa.Array, lat: pa.Array) -> tuple[pa.Array, pa.Array]:
        """(WKB, boxes) of a batch; both null where a coordinate is null or no finite number."""
        xs, ys = (np.asarray(c.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype="f8") for c in (lon, lat))
        known = np.isfinite(xs) & np.isfinite(ys)
        if known.any():
            found = (xs[known].min(), ys[known].min(), xs[known].max(), ys[known].max())
            old = self._reach or found
            self._reach = tuple(  # type: ignore[assignment]
                float(f(a, b)) for f, a, b in zip((min, min, max, max), old, found, strict=True)
            )
        points = np.empty(len(xs), dtype=_POINT)
        points["order"], points["kind"], points["x"], points["y"] = 1, 1, xs, ys
        valid = pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
        fixed = pa.Array.from_buffers(pa.binary(_POINT.itemsize), len(xs), [valid, pa.py_buffer(points.tobytes())])
        sides = [pa.array(c) for c in (xs, ys, xs, ys)]
        boxes = pa.StructArray.from_arrays(sides, fields=list(BOX), mask=pa.array(~known))
        return fixed.cast(pa.binary()), boxes

    def footer(self) -> str:
        """The ``geo`` metadata; call it after every row was seen. Coordinates are longitude, latitude (OGC:CRS84)."""
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": ["Point"],
            "covering": {"bbox": {side.name: [self.box, side.name] for side in BOX}},
        }
        if self._reach is not None:
            column["bbox"] = list(self._reach)
        return json.dumps({"version": "1.1.0", "primary_column": self.geometry, "columns": {self.geometry: column}})


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name
