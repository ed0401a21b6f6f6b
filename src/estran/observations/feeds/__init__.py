"""Feeds: where observations come from by themselves, near real time."""

from estran.observations.feeds.values import KINDS, Feed, FeedReport, Message, Refused

__all__ = ["KINDS", "Feed", "FeedReport", "Message", "Refused"]
