"""DataCite: the members of its JSON read and written, its XML brought to and from them."""
