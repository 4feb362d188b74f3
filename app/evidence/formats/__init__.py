"""The packet's contents once more, for people with a spreadsheet."""
