"""NASA-Ames and ICARTT: the header, and the records behind it."""
