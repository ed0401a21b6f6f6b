"""NetCDF: attributes, coordinates and parties of a file."""
