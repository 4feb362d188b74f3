"""What is wrong: rules ask one question of one subject; findings remember the answers."""
