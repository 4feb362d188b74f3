"""How one stream's spooled pages become rows with a history; one module per kind of row, all called by `snapshots.seal`."""
