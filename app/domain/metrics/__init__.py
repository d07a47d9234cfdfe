"""What figures are made of: lines of statuses, their seconds, histograms, and plans."""
