"""Charts as SVG text, made by pure functions from frozen values: no Django, no engine, no clock. docs/adr/0018."""
