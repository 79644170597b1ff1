"""What the gate decides about a row, as pure functions over frozen values: no database, no engine, no clock."""
