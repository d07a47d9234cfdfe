"""Use cases of reports that are sent."""
