"""Requests: My Requests, To Do and one request."""
