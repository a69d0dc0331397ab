"""Who answers offline: what is understood, what is said, in which language."""
