"""Pure rules of requests: what may be written, what of it is public, how long an answer may take, what it may be."""
