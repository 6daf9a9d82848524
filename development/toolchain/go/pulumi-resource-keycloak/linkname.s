// Without this file Go admits no function without a body, as those of go:linkname are.
