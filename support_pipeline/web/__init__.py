"""The desk over HTTP: the router's API, the helpdesks' webhooks, and the approval page."""
