"""Metrics: lines of statuses, their seconds, histograms, and plans of reading them."""
