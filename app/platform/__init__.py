"""Platform: settings, clock, database, Redis and RQ; each has one module and no other."""
