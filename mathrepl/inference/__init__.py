"""From a question to an answer: decoding, scratchpads, and the comparison with the target."""
