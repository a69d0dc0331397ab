"""The builders of packages and images, and what they build."""
