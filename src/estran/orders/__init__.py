"""Deliveries of data: what is too large for one answer is made ready in parts, and kept for a while to be fetched."""

from estran.orders.asking import Said
from estran.orders.door import Orders
from estran.orders.values import Delivered, Estimate, Order

__all__ = ["Delivered", "Estimate", "Order", "Orders", "Said"]
