"""What callers send and get, as marshmallow schemas; they are the API's documentation too."""
