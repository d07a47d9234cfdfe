"""The only door to other people's hosts: address guard, curl engine, streams and datagrams."""
