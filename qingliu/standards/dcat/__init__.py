"""DCAT-AP 3: datasets, distributions, services and the catalogue as plain values; their texts; SHACL; a gate for reading."""
