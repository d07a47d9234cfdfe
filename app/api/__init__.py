"""The HTTP edge: one file per resource, each with a blueprint `bp` that `app/web.py` mounts."""
