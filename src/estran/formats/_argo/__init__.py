"""Argo: the float that a file is of, its profiles and its trajectory."""
