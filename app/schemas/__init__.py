"""Schemas of requests and answers in marshmallow; they are the API's documentation too."""
