"""Refusals of signed links, common to those about alerts and about subscriptions."""


class BadLink(Exception):
    """The link is not one of ours, or too old; the text says which."""


class ExpiredLink(BadLink):
    """The link was one of ours, and is too old."""
