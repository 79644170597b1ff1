"""OGC API – Features over every dataset with a place: Part 1 (core), Part 2 (CRS) and Part 3 (filtering)."""
