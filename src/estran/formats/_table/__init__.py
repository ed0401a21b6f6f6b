"""Tables of observations: text with separators, as producers write it."""
