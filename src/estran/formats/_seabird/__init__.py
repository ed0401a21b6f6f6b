"""Sea-Bird's converted files: their header, and the names of their columns."""
