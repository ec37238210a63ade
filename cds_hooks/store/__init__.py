"""What the service remembers: cards shown, feedback, acknowledgements, decisions."""
