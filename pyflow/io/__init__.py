"""Files: sorted tables, tensor bundles, and the ops that save and restore tensors."""
