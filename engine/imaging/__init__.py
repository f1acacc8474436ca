"""Pure computation on pictures: reading, measuring, drawing, metadata. Knows no store."""
