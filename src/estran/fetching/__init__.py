"""The only way out to the network: polite, bounded, and closed towards private addresses."""

from estran.fetching.bodies import TooLong
from estran.fetching.fetcher import Fetcher, Policy, Reply, TooSlow

__all__ = ["Fetcher", "Policy", "Reply", "TooLong", "TooSlow"]
