"""How a message leaves: one carrier for each kind of channel, strangers to each other, none of them with a database."""
