"""What crosses the wire: request bodies, answers and refusals."""
