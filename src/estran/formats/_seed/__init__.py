"""Seismology: channels as datastreams, and the envelopes of their waves."""
