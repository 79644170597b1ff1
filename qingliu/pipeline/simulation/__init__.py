"""A simulated ministry: stations, weather, rivers, permits and penalties, the same for the same seed and hour."""
