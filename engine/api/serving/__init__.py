"""Parts of the server that know no address: bodies, answers to repeat, changes of the store."""
