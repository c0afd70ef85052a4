"""What intelligence brings to the house: object types, panels, jobs. Imported once at start."""
