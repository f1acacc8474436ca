"""Pure computation on images: reading, measuring, drawing, metadata. Knows no store."""
