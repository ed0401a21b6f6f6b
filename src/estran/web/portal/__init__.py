"""The portal: pages for people, in French and in English.

`routes` gives all its routes, `record_page` answers /data/{id} for browsers, `order_page` and `own_orders` answer
/orders, `render_problem` shows what went wrong, and `import_map` is the one inline script of the pages, for the
content policy.
"""

from estran.web.portal.order_pages import order_page, own_orders
from estran.web.portal.pages import record_page, render_problem, routes
from estran.web.portal.render import import_map

__all__ = ["import_map", "order_page", "own_orders", "record_page", "render_problem", "routes"]
