"""Statistics that several rooms count with; assignment and tests of experiments will stand here too."""
