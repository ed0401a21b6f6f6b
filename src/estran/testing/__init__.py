"""What a plugin's author reuses: strategies of realistic values for property tests (Hypothesis)."""
