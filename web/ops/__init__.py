"""What operators and machines ask for: health, figures, pictures, colours."""
