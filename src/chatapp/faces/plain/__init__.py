"""The plain face: CLASSIC's commands and lines, for people, pipes and screen readers."""
