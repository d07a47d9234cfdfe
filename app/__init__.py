"""AlertifyPro. Importing this package costs nothing: each process imports the layers it needs."""

__version__ = "1.0.0"
