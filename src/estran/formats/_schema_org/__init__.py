"""The parts of schema.org's Dataset: the tree as it is found, reading, writing."""
