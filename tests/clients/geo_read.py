"""What geopandas reads from a GeoParquet file, as JSON. Runs in the clients' venv."""

import json
import sys

import geopandas

frame = geopandas.read_parquet(sys.argv[1])
points = frame.geometry.dropna()
told = {
    "crs": ":".join(frame.crs.to_authority()),
    "rows": len(frame),
    "points": len(points),
    "reach": [float(n) for n in points.total_bounds],
    "sums": [float(points.x.sum()), float(points.y.sum())],
}
print(json.dumps(told))
