"""Observations of a dataset as a table: one row for each thing, time and vertical, one column a variable."""

from estran.observations.wide.columns import Column, Standing, WideTable, wide_table

__all__ = ["Column", "Standing", "WideTable", "wide_table"]
