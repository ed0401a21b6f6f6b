"""One file a web standard; each is found through its entry point."""
