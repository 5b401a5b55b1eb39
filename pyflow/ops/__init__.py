"""The ops: one family a file; each op's signature, shape rule, kernel, gradient and samples stand together."""
