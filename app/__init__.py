"""AlertifyPro. Importing this package costs nothing: each process imports the layers it needs."""
