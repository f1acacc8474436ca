"""Long texts: lines of any number, decoded and cleaned as they are read."""
