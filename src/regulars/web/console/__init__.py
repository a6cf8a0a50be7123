"""The console: where the shop's people work. Mounted in the API's app, or an app of its own beside several API processes."""
