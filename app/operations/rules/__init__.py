"""Alert rules: kept, evaluated on new check results, and previewed on stored ones."""
