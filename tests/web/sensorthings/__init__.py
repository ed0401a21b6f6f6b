"""SensorThings, asked as clients do."""
