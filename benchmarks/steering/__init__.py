"""What steers lists, measured: rules, variety, reasons, search, and lists that are for coming back."""
