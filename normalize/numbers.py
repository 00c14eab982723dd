"""Printed numbers as exact decimals: separators, full-width digits, Chinese numerals, signs, blanks inside numbers."""
