"""The console in a real Chromium, as people use it. `make browser` runs these; they need the program `chromium`."""
