"""The demo client's tickets: eighteen months of a made-up shop, as a Zendesk export with an answer key.

All of it is synthetic: people, orders and policies are invented, addresses of mail, web and phone are
from the ranges reserved for examples.
"""

from support_pipeline.demo.tickets.export import DemoExport, write_demo_export

__all__ = ["DemoExport", "write_demo_export"]
