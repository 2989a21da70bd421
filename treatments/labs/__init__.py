"""Laboratory results: platelets, coagulation and urine protein, with the unit they came in."""
