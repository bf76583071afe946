"""Sources of labelled texts, one file each, and the steps every source goes through."""
