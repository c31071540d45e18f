"""What a run's scores say, for people: facts, tables, figures, one HTML page."""
