"""Where reviews come from: one file per source, and the steps every source goes through."""
