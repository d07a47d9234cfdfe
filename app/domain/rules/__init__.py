"""Alert rules: conditions, their history, and when an alert opens or resolves."""
